/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "backend-fixture.h"

G_BEGIN_DECLS

/* Calls for a range of ports of a PCP backend. The key of each mapping differs. */

#define SET_GATEWAY "127.51.4.1"

/* (nullable): the remote hosts of all requests, separated by commas; reset by each test. */
extern const char *set_remote;
/* How often the mappings were created anew: each has another key. Reset by each test. */
extern guint8 set_n_made;

/* A TCP mapping: (transfer full) */
PlumRequest *set_request_new (guint port, guint external_port, gboolean exact);
/* Starts a call of map () for each of n ports, all in one turn. (element-type PlumCall) (transfer
 * full) */
GPtrArray *set_start (BackendFixture *f, guint first, guint n, guint external_port, gboolean exact);
/* The same, and waits until all are settled. */
GPtrArray *set_map (BackendFixture *f, guint first, guint n, guint external_port);
GPtrArray *set_map_exact (BackendFixture *f, guint first, guint n, guint external_port);
void set_wait (BackendFixture *f, GPtrArray *calls);
/* Starts a call of unmap () for each of n ports from first on, all in one turn. granted:
 * (nullable): the calls of map (), for the leases. */
GPtrArray *set_start_unmap (BackendFixture *f, guint first, guint n, GPtrArray *granted);
/* The same, and waits until all are settled. */
GPtrArray *set_unmap (BackendFixture *f, guint first, guint n, GPtrArray *granted);
/* Asserts that each call has a lease, the first one of external_port. */
void set_assert_leases (GPtrArray *calls, guint external_port);
void set_assert_done (GPtrArray *calls);

G_END_DECLS
