/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-exchange.h"

G_BEGIN_DECLS

/*
 * The request that changes nothing on the gateway (PCP ANNOUNCE, NAT-PMP external address). Its
 * answer shows that the gateway is there, and its epoch. Discovery, the checks of leases and the
 * hints of a restart share one request in flight.
 */
typedef struct _PlumServerProbe PlumServerProbe;

typedef struct
{
  /* Returns the length. */
  size_t (*encode) (uint8_t *out, size_t size, gpointer user_data);
  /* (nullable): there is no answer yet, after the last send. The calls still wait for one. */
  void (*late) (gpointer user_data);
  /* The calls have finished. error: (nullable): why there is no answer, or what it refused. */
  void (*finished) (const GError *error, gpointer user_data);
} PlumServerProbeFuncs;

PlumServerProbe *plum_server_probe_new (PlumBackend *backend,
                                        PlumExchanges *exchanges,
                                        const PlumServerProbeFuncs *funcs,
                                        gpointer user_data);
void plum_server_probe_free (PlumServerProbe *self);
/* Finishes the call with done or an error: by the probe in flight or a new one, or at once if the
 * last answer is not older than fresh_ms. */
void plum_server_probe_join (PlumServerProbe *self, PlumCall *call, guint fresh_ms);
/* Starts the probe if it is not running, and keeps it running if all calls are cancelled. FALSE:
 * there is no socket. */
gboolean plum_server_probe_request (PlumServerProbe *self, GError **error);
/* A datagram that may be forged reports a restart: starts the probe, at most once in
 * PLUM_SERVER_PROBE_HINT_MS. A hint within that time is served at its end. */
void plum_server_probe_hint (PlumServerProbe *self, const char *why);
/* Clears a hint that is not served yet. */
void plum_server_probe_clear_hint (PlumServerProbe *self);
gboolean plum_server_probe_is_running (PlumServerProbe *self);
/* Whether it is running, and an answer is expected soon. */
gboolean plum_server_probe_is_prompt (PlumServerProbe *self);
/* The gateway has answered. error: (nullable): the answer is a failure. Does nothing if the probe
 * is not running. */
void plum_server_probe_finish (PlumServerProbe *self, const GError *error);

#define PLUM_SERVER_PROBE_HINT_MS 10000

G_END_DECLS
