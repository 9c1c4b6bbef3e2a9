/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "fake-backend.h"

G_BEGIN_DECLS

/* A manager with fake backends, on a clock that stands still. */
typedef struct
{
  TestLoop loop;
  PlumManager *manager;
  GAsyncResult *result;
  GString *heard; /* what core_listen () heard */
} CoreFixture;

/* n_backends: 1 if NULL. */
void core_fixture_set_up (CoreFixture *f, gconstpointer n_backends);
/* Asserts that the manager takes its backends and its timers with it. */
void core_fixture_tear_down (CoreFixture *f, gconstpointer data);

#define CORE_ADD(path, func)                                                                       \
  g_test_add (path, CoreFixture, NULL, core_fixture_set_up, func, core_fixture_tear_down)
#define CORE_ADD_N(path, n, func)                                                                  \
  g_test_add (path, CoreFixture, GUINT_TO_POINTER (n), core_fixture_set_up, func,                  \
              core_fixture_tear_down)

#define ALPHA (fake_backend_script (FAKE_ALPHA))
#define BETA (fake_backend_script (FAKE_BETA))
#define GAMMA (fake_backend_script (FAKE_GAMMA))

#define NO(error_code) ((FakeReply){ .fails = TRUE, .code = PLUM_ERROR_##error_code })
#define SILENCE ((FakeReply){ .silent = TRUE })
#define AFTER(ms) ((FakeReply){ .delay_ms = (ms) })
#define AT_ONCE ((FakeReply){ .silent = FALSE })

/* TCP, with a wished external port or 0; (transfer full). */
PlumMapping *core_add (CoreFixture *f, guint internal_port, guint external_port);
/* The same, and no other external port will do. */
PlumMapping *core_add_exact (CoreFixture *f, guint internal_port, guint external_port);
/* And comes up at once. */
PlumMapping *core_add_up (CoreFixture *f, guint internal_port, guint external_port);
/* Some time after the first mapping the manager begins to watch its networks. */
void core_begin_watch (CoreFixture *f);
void core_destroy (CoreFixture *f, PlumMapping *mapping);
/* Asserts that nothing is left: no mapping, no held port. */
void core_assert_empty (CoreFixture *f);
PlumGateway *core_gateway (CoreFixture *f);
PlumProbe *core_probe (CoreFixture *f, guint position);
void core_set_gateway (CoreFixture *f, const char *address);

/* Notes every notify of the mapping, and every change of state as "state=3". */
void core_listen (CoreFixture *f, PlumMapping *mapping);
/* Asserts what was heard, each word as often as it was, in alphabetical order; forgets it. */
void core_assert_heard (CoreFixture *f, const char *expected);
/* Asserts what the backends were asked, and forgets it. */
void core_assert_log (const char *expected);

#define core_assert_state(mapping, STATE)                                                          \
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_##STATE)
#define core_assert_backend(mapping, name)                                                         \
  g_assert_cmpstr (plum_mapping_get_backend_name (mapping), ==, name)

G_END_DECLS
