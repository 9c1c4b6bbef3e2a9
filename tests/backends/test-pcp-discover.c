/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"
#include "pcp-backend.h"

#define GATEWAY "127.51.1.1"

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_PCP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  backend_fixture_tear_down (f);
}

static void
assert_message (PlumCall *call, const char *message)
{
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpstr (plum_call_get_error (call)->message, ==, message);
}

typedef struct
{
  const char *name;
  guint op;
  guint len;
  guint version;
} VersionRow;

static const VersionRow version_rows[] = {
  { "natpmp-8-bytes", 0, 8, 0 }, { "natpmp-op-128", 128, 8, 0 },  { "natpmp-op-0", 256, 8, 0 },
  { "natpmp-4-bytes", 0, 4, 0 }, { "natpmp-24-bytes", 0, 24, 0 }, { "version-1", 0, 24, 1 },
};

static void
test_discover_version (BackendFixture *f, gconstpointer data)
{
  const VersionRow *row = data;
  gint64 start = plum_clock_get_time (f->loop.clock);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.pcp = FAKE_OFF;
  f->gateway->switches.version_reply_op = row->op;
  f->gateway->switches.version_reply_len = row->len;
  f->gateway->switches.version_reply_pcp = row->version;
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  assert_message (call, row->version == 0 ? "PCP: " GATEWAY " supports NAT-PMP only"
                                          : "PCP: " GATEWAY
                                            " refused version 2 and offers version 1");
  g_assert_cmpint (plum_clock_get_time (f->loop.clock), ==, start);
}

/* An error in NAT-PMP's form is no downgrade: it is ignored. */
static void
test_discover_natpmp_error (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.malformed_as_natpmp = TRUE;
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_discover_no_announce (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.announce_result = 4;
  call = backend_discover (f);
  g_assert_no_error (plum_call_get_error (call));
}

static void
test_discover_not_authorized (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.announce_result = 2;
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

static void
test_discover_truncated (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.truncate = 20;
  call = backend_discover (f);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

static void
test_discover_families (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumNetwork) network = test_network_new ("::1", BACKEND_LOCAL);
  g_autoptr (PlumBackend) backend = test_backend_new (PLUM_TYPE_PCP_BACKEND, network);
  g_autoptr (PlumCall) call =
    test_call (&f->loop, backend, PLUM_CALL_DISCOVER, NULL, BACKEND_PATIENCE_MS);

  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

static void
add (const char *path, gconstpointer data, BackendTest test)
{
  g_test_add (path, BackendFixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/pcp/discover/trap", NULL, test_discover_natpmp_error);
  add ("/pcp/discover/no-announce", NULL, test_discover_no_announce);
  add ("/pcp/discover/not-authorized", NULL, test_discover_not_authorized);
  add ("/pcp/discover/truncated", NULL, test_discover_truncated);
  add ("/pcp/discover/families", NULL, test_discover_families);
  for (size_t i = 0; i < G_N_ELEMENTS (version_rows); i++)
    {
      g_autofree char *path = g_strconcat ("/pcp/discover/", version_rows[i].name, NULL);

      add (path, &version_rows[i], test_discover_version);
    }

  return g_test_run ();
}
