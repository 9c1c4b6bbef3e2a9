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
 * @call: the call; settle it with [method@Plum.Call.return_done] or an error
 *
 * Determines whether the backend can map ports on the gateway of its network.
 *
 * Settle the call successfully only if the backend can map ports. If the gateway supports the
 * protocol but cannot map ports, the call fails. The library may call this function again at any
 * time.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::map:
 * @self: a backend
 * @request: the requested mapping
 * @call: the call; settle it with [method@Plum.Call.return_lease] or an error
 *
 * Requests a mapping from the router, or renews one.
 *
 * A renewal is a request with the same key as the request that created the mapping. The external
 * port of @request is a suggestion: the router may grant another port, and the lease contains the
 * port that it granted.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::map_several:
 * @self: a backend
 * @calls: a list of at least one [class@Plum.Call]; [method@Plum.Call.get_request] is the requested
 *   mapping of each. Settle each with [method@Plum.Call.return_lease] or an error
 *
 * Requests several mappings from the router, or renews them.
 *
 * The function is optional: implement it if the protocol can request several mappings with fewer
 * exchanges than one for each. The library then calls it instead of [vfunc@Plum.Backend.map], once
 * for all requests that have waited for the same discovery, and once for all others that are made
 * in one iteration of the main loop. The requests need not have anything in common. The list does
 * not change; the backend may keep it.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::supports:
 * @self: a backend
 * @request: the requested mapping
 *
 * Checks whether the protocol can express a request.
 *
 * The library calls it before each [vfunc@Plum.Backend.map]. If it returns %FALSE, the library asks
 * the next backend. The default implementation returns %FALSE if the mapping is for another host,
 * or restricted to some hosts: see [method@Plum.Request.get_internal_address] and
 * [method@Plum.Request.get_remote_addresses]. A backend that implements this function has to honor
 * both.
 *
 * Returns: %TRUE if [vfunc@Plum.Backend.map] may be called with @request
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::unmap:
 * @self: a backend
 * @request: the request that created the mapping
 * @lease: (nullable): the lease that the router granted, or %NULL if the router did not answer and
 *   may have created the mapping nevertheless, or if nothing is known about the mapping
 * @call: the call; settle it with [method@Plum.Call.return_done] or an error
 *
 * Removes a mapping from the router.
 *
 * If the router does not have the mapping, the call succeeds. Without a lease, the mapping may be
 * one of an earlier run of the program, with another key: see [method@Plum.Manager.unmap_async]. If
 * the router can remove the mapping only together with others that are in use, fail with
 * %G_IO_ERROR_BUSY.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::unmap_moved:
 * @self: a backend
 * @request: the request that created the mapping
 * @lease: the lease that the router granted; without a token if the answer was not recorded
 * @local_address: an earlier address of this host, to which the mapping leads
 * @call: the call; settle it with [method@Plum.Call.return_done] or an error
 *
 * Removes a mapping that leads to an earlier address of this host.
 *
 * The network of the backend has the new address. A mapping that leads to any other address must
 * not be removed; if the router has no mapping that leads to @local_address, the call succeeds. Do
 * not implement this function if the protocol cannot delete mappings of another address: the
 * mapping then stays until it expires.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::check:
 * @self: a backend
 * @request: the request that created the mapping
 * @lease: the lease that the router granted
 * @call: the call; settle it with [method@Plum.Call.return_remaining],
 *   [method@Plum.Call.return_done] or an error
 *
 * Verifies that the router still has a mapping. If the router reports how long it keeps the
 * mapping, pass that on.
 *
 * Fail with %PLUM_ERROR_DESTROYED if the router no longer has the mapping, or with
 * %PLUM_ERROR_CONFLICT if the external port now belongs to another host. Any other error means that
 * the state of the mapping is unknown. After %G_IO_ERROR_CONNECTION_REFUSED, which means that the
 * router no longer offers the protocol, the library asks other backends to map the port, and keeps
 * the mapping if none does.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::get_external_address:
 * @self: a backend
 * @call: the call; settle it with [method@Plum.Call.return_address] or an error
 *
 * Queries the external address of the router.
 *
 * An error does not change the external address that is known. If the router answers that it has
 * none, call [method@Plum.Backend.report_external_address] with %NULL as well.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::list:
 * @self: a backend
 * @call: the call; settle it with [method@Plum.Call.return_entries] or an error
 *
 * Queries the mapping table of the router, with the mappings of all hosts.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::delete_entry:
 * @self: a backend
 * @entry: an entry of the router's mapping table
 * @call: the call; settle it with [method@Plum.Call.return_done] or an error
 *
 * Deletes an entry of the router's mapping table, including entries that other hosts created. An
 * entry without a description whose lifetime is unknown (0) may not have been seen in the table:
 * delete it only if the router reports that it leads to its internal address, or to this host if it
 * has none.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::listen:
 * @self: a backend
 * @listen: whether to listen
 *
 * Starts or stops listening for announcements of the router.
 *
 * The library calls this function with %TRUE when a mapping has failed and waits for its next
 * attempt, and with %FALSE when no mapping waits. While it listens, the backend reports
 * announcements with [method@Plum.Backend.report_announced]. It sends nothing by itself. The
 * function is optional.
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass::get_address_source:
 * @self: a backend
 *
 * Gets how the protocol reports the external address of the router. The default is
 * %PLUM_ADDRESS_SOURCE_QUERY.
 *
 * The function states a fact about the protocol: the library decides when to ask. It may be called
 * at any time, sends nothing, and always returns the same value for the same backend.
 *
 * Returns: how the address becomes known
 *
 * Since: 1.0
 */

/**
 * PlumBackendClass:
 * @server: (nullable): a name for the server on the router that the backend sends its requests to,
 *   such as `udp/5351`; backends with the same name share the server. If one of them gets no answer
 *   to a request for a mapping, the library does not send the request to the others at once
 * @title: (nullable): the name of the protocol for people, such as `NAT-PMP`, a static string. If
 * this is %NULL, the name of the backend is shown
 * @anycast: (nullable) (array zero-terminated=1): the addresses, in text form, at which a server of
 *   the provider may answer, such as `192.0.0.9`, a static array. The library asks them with this
 *   backend, as the next router, if the external address of a router is shared by the provider
 *
 * The class of backends.
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
  void (*unmap_moved) (PlumBackend *self,
                       PlumRequest *request,
                       PlumLease *lease,
                       GInetAddress *local_address,
                       PlumCall *call);
  void (*listen) (PlumBackend *self, gboolean listen);
  gboolean (*supports) (PlumBackend *self, PlumRequest *request);

  const char *server;
  const char *title;
  const char *const *anycast;

  PlumAddressSource (*get_address_source) (PlumBackend *self);
  void (*map_several) (PlumBackend *self, GListModel *calls);

  /*< private >*/
  gpointer padding[8];
};

PLUM_AVAILABLE_IN_1_0
PlumNetwork *plum_backend_get_network (PlumBackend *self);
PLUM_AVAILABLE_IN_1_0
GVariant *plum_backend_dup_option (PlumBackend *self, const char *key, const GVariantType *type);
PLUM_AVAILABLE_IN_1_0
gint64 plum_backend_get_time (PlumBackend *self);
PLUM_AVAILABLE_IN_1_0
GSource *plum_backend_create_timer (PlumBackend *self, guint ms);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_lost (PlumBackend *self, const char *reason);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_announced (PlumBackend *self, const char *reason);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_external_address (PlumBackend *self, GInetAddress *address);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_router (PlumBackend *self,
                                 const char *manufacturer,
                                 const char *model,
                                 const char *model_version,
                                 const char *presentation_url);
PLUM_AVAILABLE_IN_1_0
void plum_backend_report_connection (PlumBackend *self, PlumConnectionStatus status, guint uptime);
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
