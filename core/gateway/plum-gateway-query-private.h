/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-race-private.h"

G_BEGIN_DECLS

/* A query of the router that does not concern a mapping, such as its external address or its table.
 * It is sent to one backend after the other, the best first, until one answers. */
typedef struct _PlumGatewayQuery PlumGatewayQuery;

/* Receives either the call that was answered, or an error. The query is freed afterwards. */
typedef void (*PlumGatewayQueryFunc) (PlumCall *call, const GError *error, gpointer user_data);

/* race: borrowed; user_data keeps its gateway. entry: (nullable): the argument of
 * PLUM_CALL_DELETE_ENTRY. settings: not read after the race is closed, when the manager that owns
 * them may be gone. */
PlumGatewayQuery *plum_gateway_query_new (PlumRace *race,
                                          PlumCallKind kind,
                                          PlumEntry *entry,
                                          const PlumSettings *settings,
                                          PlumGatewayQueryFunc func,
                                          gpointer user_data);
/* request: of the mapping that an entry to delete is of. If no backend deletes the entry or fails
 * to, those that cannot delete entries are asked to unmap it, without a lease. */
void plum_gateway_query_set_request (PlumGatewayQuery *self, PlumRequest *request);
/* May call func before it returns. */
void plum_gateway_query_start (PlumGatewayQuery *self);
/* Frees a query that is not started or still pending; func is not called. */
void plum_gateway_query_cancel (PlumGatewayQuery *self);

typedef void (*PlumBackendAddressFunc) (PlumBackend *backend,
                                        GInetAddress *address,
                                        gpointer user_data);

/* Asks one backend for the external address. func is called only if the backend knows it. */
void plum_gateway_query_backend_address (PlumBackend *backend,
                                         guint timeout_ms,
                                         PlumBackendAddressFunc func,
                                         gpointer user_data);

G_END_DECLS
