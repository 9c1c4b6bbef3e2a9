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
 * The error domain of this library. Cancellation and socket trouble stay
 * in [error@Gio.IOErrorEnum].
 *
 * Since: 1.0
 */
#define PLUM_ERROR (plum_error_quark ())

/**
 * PlumError:
 * @PLUM_ERROR_NO_GATEWAY: this host has no router to ask
 * @PLUM_ERROR_NO_BACKEND: no backend can map on this gateway
 * @PLUM_ERROR_TIMED_OUT: no answer came in time
 * @PLUM_ERROR_REFUSED: the router will not do it, by policy
 * @PLUM_ERROR_CONFLICT: the external port belongs to somebody else
 * @PLUM_ERROR_NO_RESOURCES: the router has no room, or no connection, at present
 * @PLUM_ERROR_NOT_SUPPORTED: the router, or the backend, cannot do it
 * @PLUM_ERROR_MALFORMED: what came cannot be understood
 * @PLUM_ERROR_DESTROYED: the mapping is destroyed, or its entry is gone from the router
 * @PLUM_ERROR_MODULE: a backend module cannot be used
 *
 * What went wrong.
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
