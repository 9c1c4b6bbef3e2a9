/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-gateway-client-private.h"
#include "plum-hosts-private.h"
#include "plum-race-private.h"
#include "plum-late-leases-private.h"
#include "plum-settings-private.h"
#include "plum-signal-queue-private.h"

G_BEGIN_DECLS

/* The last late lease of the gateway is deleted; see plum_gateway_is_busy(). */
typedef void (*PlumGatewayIdleFunc) (gpointer user_data);

PlumGateway *plum_gateway_new (PlumNetwork *network,
                               GPtrArray *backend_infos,
                               GMainContext *context,
                               const PlumSettings *settings,
                               PlumSignalQueue *signals);
/* Call it before the program can see the gateway in a list. Until then, traffic and notes are
 * queued for the handlers that the program may connect when it does. */
void plum_gateway_publish (PlumGateway *self);
/* Call it when the gateway is no longer available and has no clients: nothing is sent afterwards.
 */
void plum_gateway_close (PlumGateway *self);

/* Call it when the networks of this host may have changed. Returns whether the link was down at the
 * last call and is not any more; its address and routes may be the same. Then call
 * plum_gateway_on_resume().
 */
gboolean plum_gateway_take_link_return (PlumGateway *self);

/* Whether a late lease is being deleted; see PLUM_BACKEND_LATE_LEASE. */
gboolean plum_gateway_is_busy (PlumGateway *self);
/* See plum_late_leases_foreach(). */
void plum_gateway_foreach_late (PlumGateway *self,
                                gboolean lost,
                                PlumLeftFunc func,
                                gpointer user_data);
/* func: (nullable): called when that is finished. */
void plum_gateway_set_idle_func (PlumGateway *self, PlumGatewayIdleFunc func, gpointer user_data);

PlumNetwork *plum_gateway_get_network (PlumGateway *self);
GMainContext *plum_gateway_get_context (PlumGateway *self);
const PlumSettings *plum_gateway_get_settings (PlumGateway *self);
PlumRace *plum_gateway_get_race (PlumGateway *self);
PlumSignalQueue *plum_gateway_get_signals (PlumGateway *self);

/* The race; see plum-race-private.h. */
void plum_gateway_discover (PlumGateway *self, gboolean again);
PlumPick plum_gateway_pick (PlumGateway *self, guint first, const gboolean *tried, guint *index);
PlumCandidate *plum_gateway_get_candidate (PlumGateway *self, guint index);
guint plum_gateway_get_n_candidates (PlumGateway *self);
const char *plum_gateway_get_defects (PlumGateway *self); /* (nullable) */
void plum_gateway_note_outcome (PlumGateway *self, guint index, const GError *error);
gboolean plum_gateway_is_inapplicable (PlumGateway *self, guint index);

/* Queues one call of func when every candidate is decided and the query of the external address has
 * finished. */
void plum_gateway_when_decided (PlumGateway *self, GSourceFunc func, gpointer user_data);
/* Returns FALSE if the function was called already. */
gboolean plum_gateway_remove_decided_func (PlumGateway *self, gpointer user_data);

void plum_gateway_add_client (PlumGateway *self, PlumGatewayClient *client);
void plum_gateway_remove_client (PlumGateway *self, PlumGatewayClient *client);

/* While a client waits, the backends listen for announcements of the router. */
void plum_gateway_set_waiting (PlumGateway *self, PlumGatewayClient *client, gboolean waiting);

/* While the lease of a client is from a backend whose router does not announce a new external
 * address, the gateway asks for the address. backend: (nullable): NULL without a lease. */
void plum_gateway_set_serving (PlumGateway *self, PlumGatewayClient *client, PlumBackend *backend);

/* Whether the ports must not be requested now: a short mapping of the internal port is pending, or
 * the delete of a late lease or an entry of one of them. PLUM_GATEWAY_RACE_CHANGED follows. */
gboolean plum_gateway_is_port_busy (PlumGateway *self,
                                    PlumProtocol protocol,
                                    const PlumHosts *hosts,
                                    guint internal_port,
                                    guint external_port);

/* Returns when to send a request for a mapping that is due at any time from first to last, on the
 * clock: at the time of another one if the backend takes both in one call, else at preferred.
 * backend: (nullable): NULL if it is not known which one will be asked. */
gint64 plum_gateway_choose_turn (
  PlumGateway *self, PlumBackend *backend, gint64 first, gint64 last, gint64 preferred);

/* The external ports; see plum-port-table-private.h. */
gboolean plum_gateway_hold_port (PlumGateway *self,
                                 PlumProtocol protocol,
                                 guint port,
                                 const PlumHosts *hosts,
                                 PlumGatewayClient *client);
guint plum_gateway_reserve_port (PlumGateway *self,
                                 PlumProtocol protocol,
                                 const PlumHosts *hosts,
                                 PlumGatewayClient *client);
PlumGatewayClient *plum_gateway_find_holder (PlumGateway *self,
                                             PlumProtocol protocol,
                                             guint port,
                                             const PlumHosts *hosts);
void plum_gateway_release_port (PlumGateway *self,
                                PlumProtocol protocol,
                                guint port,
                                const PlumHosts *hosts,
                                PlumGatewayClient *client);

/* The router beyond the gateway, which is sought only on request; see plum-upstream-private.h. The
 * clients receive PLUM_GATEWAY_UPSTREAM_CHANGED: before that event returns, they must have left a
 * router that is no longer the next one. */
void plum_gateway_seek_upstream (PlumGateway *self);
/* The settings, or the routes of this host, may have changed. */
void plum_gateway_check_upstream (PlumGateway *self);
/* Whether the external address is one behind which there can be another router. */
gboolean plum_gateway_may_have_upstream (PlumGateway *self);
/* Whether the next router can be asked although the gateway maps no ports. */
gboolean plum_gateway_may_be_bypassed (PlumGateway *self);
gboolean plum_gateway_is_seeking_upstream (PlumGateway *self);
PlumGateway *plum_gateway_peek_upstream (PlumGateway *self); /* (transfer none) (nullable) */
/* Whether the address of the next router is a guess: no router has reported it, and it has not
 * answered itself. */
gboolean plum_gateway_is_upstream_guessed (PlumGateway *self);
/* Why there is no next router. (nullable) */
const GError *plum_gateway_get_upstream_reason (PlumGateway *self);

/* Like plum_gateway_delete_entry_async (), whose finish function it has. If no backend can delete
 * the entry, those that only unmap are asked: request describes the mapping, and it has no lease.
 */
void plum_gateway_unmap_entry_async (PlumGateway *self,
                                     PlumEntry *entry,
                                     PlumRequest *request,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/* Whether the external address is from backend, which has reported since then that the router may
 * have been restarted. */
gboolean plum_gateway_doubts_address (PlumGateway *self, PlumBackend *backend);
/* Sets the external address that the router reports to backend, and reports it to the clients that
 * the backend serves. address: (nullable): NULL if the router reports to this backend that it has
 * none: what another backend has reported is kept. */
void plum_gateway_learn_address (PlumGateway *self, PlumBackend *backend, GInetAddress *address);
/* A lease has no external address: asks the backends that hold no lease, at most once a minute. */
void plum_gateway_seek_address (PlumGateway *self);
/* Call it after the system was suspended. Asks for the external address, then has the clients act
 * on overdue timers and check their leases, spread over a time that depends on their number. */
void plum_gateway_on_resume (PlumGateway *self);

G_END_DECLS
