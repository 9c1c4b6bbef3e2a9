/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "fake-backend.h"
#include "plum-lease-codec-private.h"
#include "test-state-directory.h"

G_BEGIN_DECLS

/* How long an earlier run's mapping waits to be wanted again, and a margin. */
#define STATE_GRACE_MS 31000

/* In this time everything that changed is written. */
#define STATE_WRITTEN_MS 200

/* A manager with the fake backends alpha and beta, and a state directory of its own. */
typedef struct
{
  TestLoop loop;
  TestStateDirectory directory;
  PlumManager *manager;
  GAsyncResult *result;
} StateFixture;

void state_fixture_set_up (StateFixture *f, gconstpointer data);
void state_fixture_tear_down (StateFixture *f, gconstpointer data);

/* As fake_manager_new () makes it, but the scripts stay. (transfer full) */
PlumManager *state_manager_new (const char *directory, const char *gateway);
/* TCP. (transfer full) */
PlumMapping *state_add_wish (PlumManager *manager, guint port, guint external_port);
PlumMapping *state_add_up (StateFixture *f, guint port);
/* TRUE: the router confirmed that all is deleted. */
gboolean state_close (StateFixture *f);

/* The process ends: nothing is sent, and the kernel lets go of the lock. */
void state_crash (StateFixture *f);
void state_crash_and_restart (StateFixture *f);
/* A mapping of TCP 8080 at external port 40000, a crash, and a new manager. Gives the key of it.
 * (transfer full) */
GBytes *state_crash_with_one (StateFixture *f);

/* The key in alpha's last request. (transfer full) */
GBytes *state_last_key (void);
/* What the backends were asked since the last call. */
void state_assert_log (const char *expected);
/* The one state file. (transfer full) */
GPtrArray *state_read_records (StateFixture *f);
void state_write_records (StateFixture *f, GPtrArray *records);

G_END_DECLS
