/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "fake-backend.h"

G_BEGIN_DECLS

/* A manager with fake backends and a manual clock. */
typedef struct
{
  TestLoop loop;
  PlumManager *manager;
  GAsyncResult *result;
  GString *events; /* the notifications, see core_listen() */
} CoreFixture;

/* n_backends: 1 if NULL. */
void core_fixture_set_up (CoreFixture *f, gconstpointer n_backends);
/* Asserts that the manager has freed its backends and timers. */
void core_fixture_tear_down (CoreFixture *f, gconstpointer data);

#define CORE_ADD(path, func)                                                                       \
  g_test_add (path, CoreFixture, NULL, core_fixture_set_up, func, core_fixture_tear_down)
#define CORE_ADD_N(path, n, func)                                                                  \
  g_test_add (path, CoreFixture, GUINT_TO_POINTER (n), core_fixture_set_up, func,                  \
              core_fixture_tear_down)

#define ALPHA (fake_backend_script (FAKE_ALPHA))
#define BETA (fake_backend_script (FAKE_BETA))
#define GAMMA (fake_backend_script (FAKE_GAMMA))

#define CLOSED ((FakeReply){ .closed = TRUE })
#define NO(error_code) ((FakeReply){ .fails = TRUE, .code = PLUM_ERROR_##error_code })
#define SILENCE ((FakeReply){ .silent = TRUE })
#define AFTER(ms) ((FakeReply){ .delay_ms = (ms) })
#define AT_ONCE ((FakeReply){ .silent = FALSE })

/* Adds a TCP mapping. external_port: requested, or 0. (transfer full) */
PlumMapping *core_add (CoreFixture *f, guint internal_port, guint external_port);
/* The same, and requires the external port. */
PlumMapping *core_add_exact (CoreFixture *f, guint internal_port, guint external_port);
/* The same as core_add(), and asserts that it is up at once. */
PlumMapping *core_add_up (CoreFixture *f, guint internal_port, guint external_port);
/* Advances until the manager watches its networks, which starts after the first mapping. */
void core_begin_watch (CoreFixture *f);
void core_destroy (CoreFixture *f, PlumMapping *mapping);
/* Asserts that there are no mappings and no held ports. */
void core_assert_empty (CoreFixture *f);
PlumGateway *core_gateway (CoreFixture *f);
PlumProbe *core_probe (CoreFixture *f, guint position);
void core_set_gateway (CoreFixture *f, const char *address);

/* Records every notification of the mapping; those of the state as "state=3". */
void core_listen (CoreFixture *f, PlumMapping *mapping);
/* Asserts the recorded notifications, in alphabetical order, and clears them. */
void core_assert_events (CoreFixture *f, const char *expected);
/* Asserts the calls of the backends, and clears them. */
void core_assert_log (const char *expected);

#define core_assert_state(mapping, STATE)                                                          \
  g_assert_cmpint (plum_mapping_get_state (mapping), ==, PLUM_STATE_##STATE)
#define core_assert_backend(mapping, name)                                                         \
  g_assert_cmpstr (plum_mapping_get_backend_name (mapping), ==, name)

G_END_DECLS
