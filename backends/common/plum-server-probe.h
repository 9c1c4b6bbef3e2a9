/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-exchange.h"

G_BEGIN_DECLS

/*
 * The one question to a gateway that changes nothing there (PCP ANNOUNCE, NAT-PMP external
 * address): is it there, and since when? Discovery, every check of a lease and every hint of a
 * restart want its answer; however many ask while it is out, one datagram goes.
 */
typedef struct _PlumServerProbe PlumServerProbe;

typedef struct
{
  /* Returns the length. */
  size_t (*encode) (uint8_t *out, size_t size, gpointer user_data);
  /* The calls have finished. error: (nullable): why there is no answer, or what it refused. */
  void (*finished) (const GError *error, gpointer user_data);
} PlumServerProbeFuncs;

PlumServerProbe *plum_server_probe_new (PlumBackend *backend,
                                        PlumExchanges *exchanges,
                                        const PlumServerProbeFuncs *funcs,
                                        gpointer user_data);
void plum_server_probe_free (PlumServerProbe *self);
/* Settles the call with done or an error. An answer that is not older than fresh_ms does for it. */
void plum_server_probe_join (PlumServerProbe *self, PlumCall *call, guint fresh_ms);
/* Asks for the sake of what funcs->ended does. FALSE: there is no socket. */
gboolean plum_server_probe_request (PlumServerProbe *self, GError **error);
/* Somebody, perhaps not the gateway, says that it was restarted: asks, but at most once in
 * PLUM_SERVER_PROBE_HINT_MS; a hint in between is served at the end of that time. */
void plum_server_probe_hint (PlumServerProbe *self, const char *why);
/* No hint waits any more. */
void plum_server_probe_clear_hint (PlumServerProbe *self);
gboolean plum_server_probe_is_running (PlumServerProbe *self);
/* The gateway has answered. error: (nullable): what it said is a failure. Does nothing unless one
 * is running. */
void plum_server_probe_finish (PlumServerProbe *self, const GError *error);

#define PLUM_SERVER_PROBE_HINT_MS 10000

G_END_DECLS
