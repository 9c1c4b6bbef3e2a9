/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"
#include "pcp-backend.h"

/* The external port is required: PREFER_FAILURE (RFC 6887 13.2). */

#define GATEWAY "127.51.1.1"
#define REFUSED "PCP: " GATEWAY " answered "

static void
set_up (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_PCP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
  backend_fixture_tear_down (f);
}

static void
assert_fails (PlumCall *call, PlumError code, const char *message)
{
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, (int) code);
  g_assert_true (g_str_has_prefix (plum_call_get_error (call)->message, message));
}

static void
test_granted (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_map_exact (f, 8080, 9000);

  backend_assert_lease (call, 9000, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_prefer_failure, ==, 1);
}

static void
test_taken (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 9000);
  call = backend_map_exact (f, 8080, 9000);
  assert_fails (call, PLUM_ERROR_CONFLICT,
                REFUSED "CANNOT_PROVIDE_EXTERNAL (11) to TCP port 8080 as external port 9000: ");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* The router allows one mapping per internal port, and that has another external port. */
static void
test_mapped_elsewhere (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  backend_must_map (f, 8080);
  call = backend_map_exact (f, 8080, 9000);
  assert_fails (call, PLUM_ERROR_CONFLICT, REFUSED "CANNOT_PROVIDE_EXTERNAL (11) ");
}

static void
test_renewal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_map_exact (f, 8080, 9000);
  g_autoptr (PlumCall) renewal = NULL;

  backend_assert_lease (call, 9000, "1.2.3.4", 7200);
  renewal = backend_map_exact (f, 8080, 9000);
  backend_assert_lease (renewal, 9000, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_prefer_failure, ==, 2);
}

static void
test_unmap_has_no_option (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumRequest) request = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 9000);
  g_autoptr (PlumCall) mapped = backend_ask (f, PLUM_CALL_MAP, request);
  g_autoptr (PlumCall) unmapped = backend_ask (f, PLUM_CALL_UNMAP, request);

  backend_assert_lease (mapped, 9000, "1.2.3.4", 7200);
  g_assert_no_error (plum_call_get_error (unmapped));
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* --- Routers that do not know the option --- */

static const guint option_results[] = { 3, 5, 6 };

/* Each answer comes three times: the copies answer the first request only. */
static void
test_sent_without_option (BackendFixture *f, gconstpointer result)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.option_result = *(const guint *) result;
  f->gateway->switches.duplicate = 2;
  call = backend_map_exact (f, 8080, 9000);
  backend_assert_lease (call, 9000, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
  g_assert_cmpuint (f->gateway->counts.pcp_prefer_failure, ==, 1);
}

/* The granted port is reported unchanged: core releases it. */
static void
test_other_port_without_option (BackendFixture *f, gconstpointer result)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.option_result = *(const guint *) result;
  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 9000);
  call = backend_map_exact (f, 8080, 9000);
  backend_assert_lease (call, 49152, "1.2.3.4", 7200);
}

static void
test_refused_without_option (BackendFixture *f, gconstpointer result)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = *(const guint *) result;
  f->gateway->switches.n_map_results = G_MAXUINT;
  f->gateway->switches.silent_option = TRUE;
  call = backend_map_exact (f, 8080, 9000);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
  g_assert_cmpuint (f->gateway->counts.pcp_prefer_failure, ==, 1);
}

/* The router accepts the option and ignores it: a repeated answer is accepted. */
static void
test_option_is_ignored (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.ignore_option = TRUE;
  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 9000);
  call = backend_map_exact (f, 8080, 9000);
  backend_assert_lease (call, 49152, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
}

/* A renewal is one packet: the first answer is accepted. */
static void
test_option_is_ignored_in_renewal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = backend_map_exact (f, 8080, 9000);
  g_autoptr (PlumCall) renewal = NULL;

  backend_assert_lease (call, 9000, "1.2.3.4", 7200);
  fake_gateway_wipe (f->gateway);
  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 9000);
  f->gateway->switches.ignore_option = TRUE;
  renewal = backend_map_exact (f, 8080, 9000);
  backend_assert_lease (renewal, 49152, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
}

/* --- What is sent after a result --- */

static void
test_port_is_kept (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = 8;
  f->gateway->switches.n_map_results = G_MAXUINT;
  call = backend_map_exact (f, 8080, 9000);
  assert_fails (call, PLUM_ERROR_NO_RESOURCES, REFUSED "NO_RESOURCES (8) ");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
}

/* The router may no longer have the address, which is only suggested. The port is required. */
static void
test_address_is_cleared (BackendFixture *f, gconstpointer data)
{
  guint8 bytes[32] = { 7 };
  g_autoptr (GBytes) key = g_bytes_new (bytes, sizeof bytes);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("9.9.9.9");
  g_autoptr (PlumRequest) request =
    plum_request_new (PLUM_PROTOCOL_TCP, 8080, 9000, TRUE, address, 7200, "test", key);
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.map_result = 11;
  f->gateway->switches.n_map_results = 1;
  f->gateway->switches.duplicate = 2;
  call = backend_ask (f, PLUM_CALL_MAP, request);
  backend_assert_lease (call, 9000, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
  g_assert_cmpuint (f->gateway->counts.pcp_prefer_failure, ==, 2);
}

/* A pinhole does not translate ports: the external port is the internal one. */
static void
test_pinhole (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GSocket) probe =
    g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GSocketAddress) at = g_inet_socket_address_new (loopback, 5351);
  g_autoptr (PlumRequest) other = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 9000);
  g_autoptr (PlumRequest) same = test_request_new_exact (PLUM_PROTOCOL_TCP, 8080, 8080);
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) granted = NULL;

  if (probe == NULL || !g_socket_bind (probe, at, FALSE, NULL))
    {
      g_test_skip ("[::1]:5351 is not available");
      return;
    }

  g_clear_object (&probe);
  fake_gateway_free (f->gateway);
  f->gateway = fake_gateway_new ("::1");
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, "::1", "::1");
  refused = backend_ask (f, PLUM_CALL_MAP, other);
  assert_fails (refused, PLUM_ERROR_CONFLICT, "PCP: an IPv6 pinhole keeps the port");
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
  granted = backend_ask (f, PLUM_CALL_MAP, same);
  backend_assert_lease (granted, 8080, "::1", 7200);
}

/* --- Holds --- */

static void
test_hold_of_required_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) held = NULL;
  g_autoptr (PlumCall) suggested = NULL;

  fake_gateway_take_port (f->gateway, PLUM_PROTOCOL_TCP, 8080);
  refused = backend_map_exact (f, 8080, 8080);
  held = backend_map_exact (f, 8080, 8080);
  assert_fails (held, PLUM_ERROR_CONFLICT, REFUSED "CANNOT_PROVIDE_EXTERNAL (11) ");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);

  /* A suggested port may be replaced by another one. */
  suggested = backend_map (f, 8080);
  backend_assert_lease (suggested, 49152, "1.2.3.4", 7200);
}

static void
test_hold_of_suggested_port (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) refused = NULL;
  g_autoptr (PlumCall) exact = NULL;

  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  refused = backend_map (f, 8080);
  assert_fails (refused, PLUM_ERROR_REFUSED, REFUSED "NOT_AUTHORIZED (2) ");
  exact = backend_map_exact (f, 8080, 8080);
  backend_assert_lease (exact, 8080, "1.2.3.4", 7200);
}

static void
add (const char *path, gconstpointer data, BackendTest func)
{
  g_test_add (path, BackendFixture, data, set_up, func, tear_down);
}

static void
add_results (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (option_results); i++)
    {
      const guint *result = &option_results[i];
      g_autofree char *once = g_strdup_printf ("/pcp/exact/result-%u/sent-without", *result);
      g_autofree char *other = g_strdup_printf ("/pcp/exact/result-%u/other-port", *result);
      g_autofree char *refused = g_strdup_printf ("/pcp/exact/result-%u/refused", *result);

      add (once, result, test_sent_without_option);
      add (other, result, test_other_port_without_option);
      add (refused, result, test_refused_without_option);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add ("/pcp/exact/granted", NULL, test_granted);
  add ("/pcp/exact/taken", NULL, test_taken);
  add ("/pcp/exact/mapped-elsewhere", NULL, test_mapped_elsewhere);
  add ("/pcp/exact/renewal", NULL, test_renewal);
  add ("/pcp/exact/unmap-has-no-option", NULL, test_unmap_has_no_option);
  add_results ();
  add ("/pcp/exact/option-is-ignored", NULL, test_option_is_ignored);
  add ("/pcp/exact/option-is-ignored-in-renewal", NULL, test_option_is_ignored_in_renewal);
  add ("/pcp/exact/port-is-kept", NULL, test_port_is_kept);
  add ("/pcp/exact/address-is-cleared", NULL, test_address_is_cleared);
  add ("/pcp/exact/pinhole", NULL, test_pinhole);
  add ("/pcp/exact/hold/of-required-port", NULL, test_hold_of_required_port);
  add ("/pcp/exact/hold/of-suggested-port", NULL, test_hold_of_suggested_port);

  return g_test_run ();
}
