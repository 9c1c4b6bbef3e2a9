/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "plum-backend-private.h"
#include "plum-clock-private.h"
#include "plum-gateway-client-private.h"
#include "plum-settings-private.h"

G_BEGIN_DECLS

/* One backend in the race of one gateway. Its place in the array is its rank, and does not
 * change. */
typedef struct
{
  PlumGateway *gateway;
  PlumBackend *backend;
  PlumProbe *probe;
  PlumCall *call;    /* the discovery in progress */
  gint64 started;    /* of the last discovery */
  gint64 decided;    /* 0: never */
  gboolean suspect;  /* it could map, but did not answer what it was asked last */
  gint64 lost;       /* when it last lost its state; 0: never */
  gint64 lost_pause; /* how long another loss is not acted on */
  PlumTimer lost_timer;
} PlumCandidate;

typedef enum {
  PLUM_PICK_READY,
  PLUM_PICK_WAIT,
  PLUM_PICK_NONE,
} PlumPick;

PlumGateway *plum_gateway_new (PlumNetwork *network,
                               GPtrArray *backend_infos,
                               GMainContext *context,
                               const PlumSettings *settings);
/* The network is gone: nothing is sent any more. */
void plum_gateway_close (PlumGateway *self);

PlumNetwork *plum_gateway_get_network (PlumGateway *self);
PlumClock *plum_gateway_get_clock (PlumGateway *self);
GMainContext *plum_gateway_get_context (PlumGateway *self);
const PlumSettings *plum_gateway_get_settings (PlumGateway *self);
/* Whether a holder holds a lease by this backend. */
gboolean plum_gateway_is_serving (PlumGateway *self, PlumBackend *backend);

/* The race. again: also those whose verdict was no, and is not fresh. */
void plum_gateway_discover (PlumGateway *self, gboolean again);
/* Picks the best candidate from the index first on. tried: (nullable): for each candidate, whether
 * to skip it. */
PlumPick plum_gateway_pick (PlumGateway *self, guint first, const gboolean *tried, guint *index);
PlumCandidate *plum_gateway_get_candidate (PlumGateway *self, guint index);
guint plum_gateway_get_n_candidates (PlumGateway *self);
/* What a holder's call to a candidate came to; error NULL: success. After silence the next attempt
 * has it discovered again: one question for all holders, where each would ask for itself. */
void plum_gateway_note_outcome (PlumGateway *self, guint index, const GError *error);
gboolean plum_gateway_is_decided (PlumGateway *self);
/* Why those that are not in tried cannot map. */
void plum_gateway_append_verdicts (PlumGateway *self, const gboolean *tried, GString *verdicts);
/* func is called once, when every candidate is decided and the external address was asked for. */
void plum_gateway_when_decided (PlumGateway *self, GSourceFunc func, gpointer user_data);
/* FALSE: it was called already. */
gboolean plum_gateway_forget_func (PlumGateway *self, gpointer user_data);

/* The holders on it. */
void plum_gateway_add_client (PlumGateway *self, PlumGatewayClient *client);
void plum_gateway_remove_client (PlumGateway *self, PlumGatewayClient *client);
/* No two holders hold one external port. Reserves a random one that nobody holds. */
guint plum_gateway_reserve_port (PlumGateway *self,
                                 PlumProtocol protocol,
                                 PlumGatewayClient *client);
/* FALSE if another holder holds it. */
gboolean plum_gateway_hold_port (PlumGateway *self,
                                 PlumProtocol protocol,
                                 guint port,
                                 PlumGatewayClient *client);
PlumGatewayClient *plum_gateway_find_holder (PlumGateway *self, PlumProtocol protocol, guint port);
void plum_gateway_release_port (PlumGateway *self,
                                PlumProtocol protocol,
                                guint port,
                                PlumGatewayClient *client);

/* address is what a router says of its outer side; NULL: it has none. */
void plum_gateway_set_external_address (PlumGateway *self, GInetAddress *address);
/* A router told one backend its address: every mapping by that backend hears it. */
void plum_gateway_learn_address (PlumGateway *self, PlumBackend *backend, GInetAddress *address);
/* After a resume: the external address first, then what would be tried later or is overdue, and
 * what is up; spread, so that many mappings do not ask all at once. */
void plum_gateway_on_resume (PlumGateway *self);
/* Looks after everything now, as at a recheck. */
void plum_gateway_recheck (PlumGateway *self);

G_END_DECLS
