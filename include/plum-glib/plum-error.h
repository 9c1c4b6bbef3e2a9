/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

/**
 * PLUM_ERROR:
 *
 * The error domain of this library.
 *
 * Errors in this domain are from the [error@Plum.Error] enumeration. Cancellation and socket errors
 * use the domain of [error@Gio.IOErrorEnum].
 *
 * Since: 1.0
 */
#define PLUM_ERROR (plum_error_quark ())

/**
 * PlumError:
 * @PLUM_ERROR_NO_GATEWAY: this host has no gateway: it has no default route, or that has no next
 * hop
 * @PLUM_ERROR_NO_BACKEND: no backend can map ports on the gateway
 * @PLUM_ERROR_TIMED_OUT: the router did not answer in time
 * @PLUM_ERROR_REFUSED: the router refused the request; its settings forbid it
 * @PLUM_ERROR_CONFLICT: the external port belongs to another host or another mapping
 * @PLUM_ERROR_NO_RESOURCES: the router is out of resources, or is not connected at present
 * @PLUM_ERROR_NOT_SUPPORTED: the router or the backend does not support the operation
 * @PLUM_ERROR_MALFORMED: the data that was received is malformed
 * @PLUM_ERROR_DESTROYED: the mapping is destroyed, or the router no longer has it
 * @PLUM_ERROR_MODULE: the backend module cannot be used
 *
 * Error codes of the library.
 *
 * Since: 1.0
 */
typedef enum {
  PLUM_ERROR_NO_GATEWAY,
  PLUM_ERROR_NO_BACKEND,
  PLUM_ERROR_TIMED_OUT,
  PLUM_ERROR_REFUSED,
  PLUM_ERROR_CONFLICT,
  PLUM_ERROR_NO_RESOURCES,
  PLUM_ERROR_NOT_SUPPORTED,
  PLUM_ERROR_MALFORMED,
  PLUM_ERROR_DESTROYED,
  PLUM_ERROR_MODULE,
} PlumError;

#define PLUM_TYPE_ERROR (plum_error_get_type ())
PLUM_AVAILABLE_IN_1_0
GType plum_error_get_type (void) G_GNUC_CONST;

PLUM_AVAILABLE_IN_1_0
GQuark plum_error_quark (void);

G_END_DECLS
