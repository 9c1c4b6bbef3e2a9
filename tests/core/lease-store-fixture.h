/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "fake-backend.h"
#include "plum-lease-codec-private.h"
#include "test-state-directory.h"

G_BEGIN_DECLS

/* The grace period of leftovers, and a margin. */
#define STORE_GRACE_MS 31000

/* Pending changes are written within this time. */
#define STORE_WRITTEN_MS 200

/* A manager with the fake backends alpha and beta, and its own state directory. */
typedef struct
{
  TestLoop loop;
  TestStateDirectory directory;
  PlumManager *manager;
  GAsyncResult *result;
} StoreFixture;

void store_fixture_set_up (StoreFixture *f, gconstpointer data);
void store_fixture_tear_down (StoreFixture *f, gconstpointer data);

/* Like fake_manager_new(), but keeps the scripts. (transfer full) */
PlumManager *store_manager_new (const char *directory, const char *gateway);
/* Adds a TCP mapping. (transfer full) */
PlumMapping *store_add (PlumManager *manager, guint port, guint external_port);
/* The same, and waits until it is up. (transfer full) */
PlumMapping *store_add_up (StoreFixture *f, guint port);
/* Returns TRUE if the router confirmed that all mappings are deleted. */
gboolean store_close (StoreFixture *f);

/* Simulates the end of the process: nothing is sent, and the lock becomes free. */
void store_crash (StoreFixture *f);
void store_crash_and_restart (StoreFixture *f);
/* Maps TCP 8080 to external port 40000, crashes and makes a new manager. Returns the key of the
 * mapping. (transfer full) */
GBytes *store_crash_with_one (StoreFixture *f);

/* The key of alpha's last request. (transfer full) */
GBytes *store_last_key (void);
/* Asserts the calls of the backends since the last call of this function. */
void store_assert_log (const char *expected);
/* The records of the only lease file. (transfer full) */
GPtrArray *store_read_records (StoreFixture *f);
void store_write_records (StoreFixture *f, GPtrArray *records);

G_END_DECLS
