/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(PLUM_INSIDE) && !defined(PLUM_COMPILATION)
#  error "Only <plum-glib/plum-glib.h> can be included directly."
#endif

#include <gio/gio.h>
#include <plum-glib/plum-call.h>
#include <plum-glib/plum-entry.h>
#include <plum-glib/plum-enums.h>
#include <plum-glib/plum-lease.h>
#include <plum-glib/plum-network.h>
#include <plum-glib/plum-request.h>
#include <plum-glib/plum-version-macros.h>

G_BEGIN_DECLS

#define PLUM_TYPE_BACKEND (plum_backend_get_type ())

PLUM_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (PlumBackend, plum_backend, PLUM, BACKEND, GObject)

/**
 * PlumBackendClass::discover:
 * @self: a backend
 * @call: settle it with [method@Plum.Call.return_done] or an error
 *
 * Finds out if the backend can map ports on its gateway. Success means just that: an answer that
 * shows a protocol but no way to map is a failure. It may be called again at any time.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::map:
 * @self: a backend
 * @request: what is wanted
 * @call: settle it with [method@Plum.Call.return_lease] or an error
 *
 * Maps a port, or renews what was mapped: both are the same question. The external port is a wish;
 * what the router granted belongs into the lease.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::unmap:
 * @self: a backend
 * @request: what was asked for when it was mapped
 * @lease: (nullable): what was granted, or %NULL if no answer came and the router may have mapped
 * it
 *   all the same
 * @call: settle it with [method@Plum.Call.return_done] or an error
 *
 * Gives a mapping back. That the router does not have it (any more) is a success.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::check:
 * @self: a backend
 * @request: what was asked for when it was mapped
 * @lease: what was granted
 * @call: settle it with [method@Plum.Call.return_done] or an error
 *
 * Asks if the router still has a mapping. %PLUM_ERROR_DESTROYED and %PLUM_ERROR_CONFLICT say that
 * it
 * has it no more, or for somebody else; any other error says that nobody knows.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::get_external_address:
 * @self: a backend
 * @call: settle it with [method@Plum.Call.return_address] or an error
 *
 * Asks for the router's address as the internet sees it.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::list:
 * @self: a backend
 * @call: settle it with [method@Plum.Call.return_entries] or an error
 *
 * Asks for the router's table, with everybody's mappings.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::delete_entry:
 * @self: a backend
 * @entry: an entry of the router's table
 * @call: settle it with [method@Plum.Call.return_done] or an error
 *
 * Deletes an entry, whoever made it.
 *
 * Since: 1.0
 */
struct _PlumBackendClass
{
  GObjectClass parent_class;

  void (*discover) (PlumBackend *self, PlumCall *call);
  void (*map) (PlumBackend *self, PlumRequest *request, PlumCall *call);
  void (*unmap) (PlumBackend *self, PlumRequest *request, PlumLease *lease, PlumCall *call);
  void (*check) (PlumBackend *self, PlumRequest *request, PlumLease *lease, PlumCall *call);
  void (*get_external_address) (PlumBackend *self, PlumCall *call);
  void (*list) (PlumBackend *self, PlumCall *call);
  void (*delete_entry) (PlumBackend *self, PlumEntry *entry, PlumCall *call);

  /*< private >*/
  gpointer padding[8];
};

PLUM_AVAILABLE_IN_1_0
PlumNetwork *plum_backend_get_network (PlumBackend *self);
PLUM_AVAILABLE_IN_1_0
gint64 plum_backend_get_time (PlumBackend *self);
PLUM_AVAILABLE_IN_1_0
GSource *plum_backend_create_timer (PlumBackend *self, guint ms);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_lost (PlumBackend *self, const char *reason);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_external_address (PlumBackend *self, GInetAddress *address);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_traffic (PlumBackend *self,
                                  PlumTrafficDirection direction,
                                  GSocketAddress *peer,
                                  GBytes *bytes);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_note (PlumBackend *self, const char *note);
PLUM_AVAILABLE_IN_1_0
gboolean plum_backend_is_observed (PlumBackend *self);

G_END_DECLS
