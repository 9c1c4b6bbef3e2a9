/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "udp-fixture.h"

#include <string.h>

#include "plum-values-private.h"

/* PCP and NAT-PMP with a router beyond the first one, which translates the address of this host. */

#define FIRST "127.51.9.1"
#define FIRST_WAN "192.168.0.50"

/* Replaces the backend by one whose gateway is beyond the first router. */
static void
go_beyond (BackendFixture *f)
{
  g_autoptr (PlumNetwork) network =
    test_network_new_beyond (FIRST, udp_protocol->gateway, BACKEND_LOCAL, FIRST_WAN);

  test_loop_settle (&f->loop);
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  f->backend = test_backend_new (udp_protocol->get_type (), network);
  f->gateway->switches.translated = FIRST_WAN;
}

static guint
get_port (BackendFixture *f, guint internal_port)
{
  return fake_gateway_get_external_port (f->gateway, PLUM_PROTOCOL_TCP, internal_port, FIRST_WAN);
}

static void
test_maps (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) found = NULL;
  g_autoptr (PlumCall) mapped = NULL;
  g_autoptr (PlumCall) renewed = NULL;
  g_autoptr (PlumCall) unmapped = NULL;

  go_beyond (f);
  found = backend_discover (f);
  g_assert_no_error (plum_call_get_error (found));
  mapped = backend_map (f, 8080);
  backend_assert_lease (mapped, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (get_port (f, 8080), ==, 8080);
  renewed = backend_map (f, 8080);
  g_assert_no_error (plum_call_get_error (renewed));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 1);

  unmapped = backend_unmap (f, 8080);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
}

/* An announcement cannot pass the first router: it is forged. */
static void
test_no_announcements (BackendFixture *f, gconstpointer data)
{
  guint n;

  go_beyond (f);
  backend_must_map (f, 8080);
  test_loop_settle (&f->loop);
  n = f->gateway->counts.datagrams;
  if (!fake_gateway_announce (f->gateway))
    {
      g_test_skip ("No multicast on the loopback interface");
      return;
    }
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, n);
}

/* Only an entry that leads to the first router is this host's. */
static void
test_delete_entry (BackendFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *client;
    int error;
  } rows[] = { { FIRST_WAN, -1 },
               { BACKEND_LOCAL, PLUM_ERROR_NOT_SUPPORTED },
               { "192.168.0.51", PLUM_ERROR_NOT_SUPPORTED } };

  go_beyond (f);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GInetAddress) client = g_inet_address_new_from_string (rows[i].client);
      g_autoptr (PlumEntry) entry =
        plum_entry_new (PLUM_PROTOCOL_TCP, 8080, 8080, client, NULL, 0, TRUE);
      const PlumCallArgs args = { .entry = entry };
      g_autoptr (PlumCall) done = NULL;

      backend_must_map (f, 8080);
      done = test_call (&f->loop, f->backend, PLUM_CALL_DELETE_ENTRY, &args, BACKEND_PATIENCE_MS);
      if (rows[i].error >= 0)
        g_assert_error (plum_call_get_error (done), PLUM_ERROR, rows[i].error);
      else
        g_assert_no_error (plum_call_get_error (done));
      g_assert_cmpuint (get_port (f, 8080), ==, rows[i].error >= 0 ? 8080 : 0);
    }
}

/* The server sees another address than the external one of the first router. */
static void
test_mismatch (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  go_beyond (f);
  f->gateway->switches.translated = "192.168.0.99";
  done = backend_map (f, 8080);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "ADDRESS_MISMATCH (12)"));
  g_assert_nonnull (strstr (plum_call_get_error (done)->message, "external address " FIRST_WAN));
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  udp_add ("beyond/maps", NULL, test_maps);
  udp_add ("beyond/no-announcements", NULL, test_no_announcements);
  udp_add ("beyond/delete-entry", NULL, test_delete_entry);
  udp_add_for (&udp_pcp, "beyond/mismatch", NULL, test_mismatch);
  return g_test_run ();
}
