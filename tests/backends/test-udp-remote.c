/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend-fixture.h"

#include "natpmp-backend.h"
#include "pcp-backend.h"

/* The hosts at both ends of a mapping: FILTER and THIRD_PARTY (RFC 6887 13.3, 13.1). */

#define GATEWAY "127.51.3.1"
#define PRINTER "127.51.3.50"
#define PRINTER6 "2001:db8:1::50"
#define NETWORK "203.0.113.0/24"
#define SEVERAL "203.0.113.0/24,198.51.100.7,192.0.2.128/25"

static void
set_up_pcp (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_PCP_BACKEND, GATEWAY);
}

static void
set_up_natpmp (BackendFixture *f, gconstpointer data)
{
  backend_fixture_set_up (f, PLUM_TYPE_NATPMP_BACKEND, GATEWAY);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  g_assert_cmpuint (f->gateway->counts.bad, ==, 0);
  backend_fixture_tear_down (f);
}

static PlumCall *
ask (BackendFixture *f, PlumCallKind kind, const char *internal, const char *remote)
{
  g_autoptr (PlumRequest) request = test_request_new_for_hosts (internal, remote);

  return backend_ask (f, kind, request);
}

static void
assert_fails (PlumCall *call, PlumError code, const char *message)
{
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (call)->message, ==, message);
}

static FakeEntry *
find (BackendFixture *f, const char *client)
{
  return fake_gateway_find (f->gateway, PLUM_PROTOCOL_TCP, 80, client);
}

/* --- FILTER --- */

static void
test_filter (BackendFixture *f, gconstpointer data)
{
  static const uint8_t network[16] = { [10] = 0xff, 0xff, 203, 0, 113, 0 };
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_invalid_filter, ==, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (find (f, NULL)->n_filters, ==, 1);
  g_assert_cmpuint (find (f, NULL)->filter_prefix, ==, 96 + 24);
  g_assert_cmpmem (find (f, NULL)->filter_address, 16, network, 16);
}

static void
test_several (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, NULL, SEVERAL);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (find (f, NULL)->n_filters, ==, 3);

  renewal = ask (f, PLUM_CALL_MAP, NULL, SEVERAL);
  backend_assert_lease (renewal, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (find (f, NULL)->n_filters, ==, 3);
}

/* The server has room for fewer: the error says so, and nothing is mapped. */
static void
test_several_are_too_many (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.max_filters = 2;
  call = ask (f, PLUM_CALL_MAP, NULL, SEVERAL);
  assert_fails (call, PLUM_ERROR_NO_RESOURCES,
                "PCP: " GATEWAY " answered EXCESSIVE_REMOTE_PEERS (13) to TCP port 80, from "
                "203.0.113.0/24 and 198.51.100.7 and 192.0.2.128/25: the router cannot filter by "
                "so many peers");
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* A server that applies one of them only is not one that was asked for. */
static void
test_some_are_dropped (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.drop_filter = TRUE;
  call = ask (f, PLUM_CALL_MAP, NULL, SEVERAL);
  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: " GATEWAY " ignored which remote hosts may connect (FILTER)");
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
test_more_than_a_request_has_room_for (BackendFixture *f, gconstpointer data)
{
  GString *remote = g_string_new ("192.0.2.0");
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) unmap = NULL;

  for (guint i = 1; i < 33; i++)
    g_string_append_printf (remote, ",192.0.2.%u", i);
  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, NULL, remote->str);
  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: a request has room for 32 remote hosts and networks");
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);

  unmap = ask (f, PLUM_CALL_UNMAP, NULL, remote->str);
  g_assert_no_error (plum_call_get_error (unmap));
  g_string_free (remote, TRUE);
}

/* Filters add up: a renewal replaces them. The server is asked once whether it checks them. */
static void
test_renewal_replaces_filter (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.max_filters = 1;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  renewal = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  backend_assert_lease (renewal, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (find (f, NULL)->n_filters, ==, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_invalid_filter, ==, 1);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
}

/* A program that was restarted does not know that the server has the filter. */
static void
test_known_filter_is_replaced (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) again = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.max_filters = 1;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  find (f, NULL)->n_filters = 1;
  g_object_unref (f->backend);
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, GATEWAY, BACKEND_LOCAL);
  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  again = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  backend_assert_lease (again, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (find (f, NULL)->n_filters, ==, 1);
}

static void
test_replacement_is_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.no_replace = TRUE;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  renewal = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  backend_assert_lease (renewal, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 3);
}

/* Nothing is mapped to find out. */
static void
test_unsupported (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);

  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: " GATEWAY " answered UNSUPP_OPTION (5) to TCP port 80, from " NETWORK
                ": the router cannot restrict a mapping to some remote hosts");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 0);
}

/* The server would repeat the filter in its answer, and open the port to all hosts. */
static void
test_echoed (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) open = NULL;

  f->gateway->switches.filter = FAKE_FILTER_ECHOED;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: " GATEWAY " cannot restrict a mapping to some remote hosts: it ignores an "
                "invalid filter");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 0);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);

  /* Other mappings are not affected. */
  open = backend_map (f, 8081);
  g_assert_no_error (plum_call_get_error (open));
}

/* The filter is not in the answer: the mapping is deleted. */
static void
test_dropped (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.filter = FAKE_FILTER_DROPPED;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: " GATEWAY " ignored which remote hosts may connect (FILTER)");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

/* The router has lost the filter, for example with another firmware. */
static void
test_dropped_in_renewal (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  f->gateway->switches.filter = FAKE_FILTER_DROPPED;
  renewal = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  g_assert_error (plum_call_get_error (renewal), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
  g_assert_cmpuint (f->lost->len, ==, 1);
}

static void
test_too_many (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.map_result = 13;
  f->gateway->switches.n_map_results = G_MAXUINT;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  assert_fails (call, PLUM_ERROR_NO_RESOURCES,
                "PCP: " GATEWAY
                " answered EXCESSIVE_REMOTE_PEERS (13) to TCP port 80, from " NETWORK
                ": the router cannot filter by so many peers");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 2);
}

static void
test_unmap_has_no_filter (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) unmap = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  unmap = ask (f, PLUM_CALL_UNMAP, NULL, NETWORK);
  g_assert_no_error (plum_call_get_error (unmap));
  g_assert_cmpuint (f->gateway->counts.pcp_invalid_filter, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
test_lost_answers (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  f->gateway->switches.drop_replies = 1;
  f->gateway->switches.duplicate = 2;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (f->gateway->counts.pcp_invalid_filter, ==, 2);
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
}

static void
test_silent (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.pcp = FAKE_SILENT;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  g_assert_error (plum_call_get_error (call), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
}

/* A request for the external address renews a mapping, with its filter. */
static void
test_refresh_keeps_filter (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) address = NULL;

  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);
  address = backend_ask (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_assert_no_error (plum_call_get_error (address));
  g_assert_cmpuint (f->gateway->counts.pcp_filter, ==, 2);
  g_assert_cmpuint (find (f, NULL)->n_filters, ==, 1);
}

/* --- THIRD_PARTY --- */

static void
test_third_party (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) own = NULL;
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) unmap = NULL;

  f->gateway->switches.third_party = TRUE;
  own = backend_map (f, 80);
  call = ask (f, PLUM_CALL_MAP, PRINTER, NULL);
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_nonnull (find (f, PRINTER));
  g_assert_nonnull (find (f, BACKEND_LOCAL));

  unmap = ask (f, PLUM_CALL_UNMAP, PRINTER, NULL);
  g_assert_no_error (plum_call_get_error (unmap));
  g_assert_null (find (f, PRINTER));
  g_assert_nonnull (find (f, BACKEND_LOCAL));
}

static void
test_third_party_refused (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = ask (f, PLUM_CALL_MAP, PRINTER, NULL);

  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: " GATEWAY " answered UNSUPP_OPTION (5) to TCP port 80 of " PRINTER
                ": the router does not let this host map ports of other hosts");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
test_third_party_not_authorized (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.third_party = TRUE;
  f->gateway->switches.map_result = 2;
  f->gateway->switches.n_map_results = 1;
  call = ask (f, PLUM_CALL_MAP, PRINTER, NULL);
  assert_fails (call, PLUM_ERROR_REFUSED,
                "PCP: " GATEWAY " answered NOT_AUTHORIZED (2) to TCP port 80 of " PRINTER
                ": the router may not let this host map ports of other hosts");
}

/* The server has mapped a port of this host. */
static void
test_third_party_ignored (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.drop_third_party = TRUE;
  call = ask (f, PLUM_CALL_MAP, PRINTER, NULL);
  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "PCP: " GATEWAY " ignored that the mapping is for another host (THIRD_PARTY)");
  g_assert_cmpuint (f->gateway->counts.pcp_map, ==, 1);
  g_assert_cmpuint (fake_gateway_get_n_mappings (f->gateway), ==, 0);
}

static void
test_both (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = NULL;

  f->gateway->switches.third_party = TRUE;
  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  call = ask (f, PLUM_CALL_MAP, PRINTER, "198.51.100.7");
  backend_assert_lease (call, 8080, "1.2.3.4", 7200);
  g_assert_cmpuint (find (f, PRINTER)->filter_prefix, ==, 128);
}

/* The deletion of an entry of this host must not use the nonce of another host's mapping. */
static void
test_entry_of_this_host (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, NULL, NULL, 0, TRUE);
  const PlumCallArgs args = { .entry = entry };
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) deleted = NULL;

  f->gateway->switches.third_party = TRUE;
  call = ask (f, PLUM_CALL_MAP, PRINTER, NULL);
  deleted = test_call (&f->loop, f->backend, PLUM_CALL_DELETE_ENTRY, &args, BACKEND_PATIENCE_MS);
  g_assert_nonnull (find (f, PRINTER));
  g_assert_cmpuint (f->gateway->counts.pcp_third_party, ==, 1);
}

/* A pinhole for another host: the external address is that of the host, and not the gateway's. */
static void
test_third_party_ipv6 (BackendFixture *f, gconstpointer data)
{
  g_autoptr (GSocket) probe =
    g_socket_new (G_SOCKET_FAMILY_IPV6, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GSocketAddress) at = g_inet_socket_address_new (loopback, 5351);
  g_autoptr (PlumCall) own = NULL;
  g_autoptr (PlumCall) call = NULL;
  g_autoptr (PlumCall) renewal = NULL;
  g_autoptr (PlumCall) unmap = NULL;

  if (probe == NULL || !g_socket_bind (probe, at, FALSE, NULL))
    {
      g_test_skip ("[::1]:5351 is not available");
      return;
    }

  g_clear_object (&probe);
  fake_gateway_free (f->gateway);
  f->gateway = fake_gateway_new ("::1");
  f->gateway->switches.third_party = TRUE;
  f->gateway->switches.filter = FAKE_FILTER_WORKS;
  g_assert_finalize_object (g_steal_pointer (&f->backend));
  backend_fixture_make (f, PLUM_TYPE_PCP_BACKEND, "::1", "::1");

  own = backend_map (f, 80);
  backend_assert_lease (own, 80, "::1", 7200);
  call = ask (f, PLUM_CALL_MAP, PRINTER6, "2001:db8:9::/48");
  backend_assert_lease (call, 8080, PRINTER6, 7200);
  g_assert_cmpuint (find (f, PRINTER6)->filter_prefix, ==, 48);
  renewal = ask (f, PLUM_CALL_MAP, PRINTER6, "2001:db8:9::/48");
  backend_assert_lease (renewal, 8080, PRINTER6, 7200);
  g_assert_cmpuint (find (f, PRINTER6)->n_filters, ==, 1);
  g_assert_cmpuint (f->n_moved, ==, 0);

  unmap = ask (f, PLUM_CALL_UNMAP, PRINTER6, "2001:db8:9::/48");
  g_assert_no_error (plum_call_get_error (unmap));
  g_assert_null (find (f, PRINTER6));
  g_assert_nonnull (find (f, "::1"));
}

/* --- NAT-PMP --- */

static void
test_natpmp_filter (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = ask (f, PLUM_CALL_MAP, NULL, NETWORK);

  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "NAT-PMP: the protocol cannot restrict a mapping to some remote hosts; PCP can, "
                "and UPnP for one host");
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

static void
test_natpmp_third_party (BackendFixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) call = ask (f, PLUM_CALL_MAP, PRINTER, NULL);

  assert_fails (call, PLUM_ERROR_NOT_SUPPORTED,
                "NAT-PMP: the protocol cannot map a port of another host; PCP and UPnP can, if the "
                "router allows it");
  g_assert_cmpuint (f->gateway->counts.datagrams, ==, 0);
}

#define ADD(path, func) g_test_add (path, BackendFixture, NULL, set_up_pcp, func, tear_down)
#define ADD_NATPMP(path, func)                                                                     \
  g_test_add (path, BackendFixture, NULL, set_up_natpmp, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/pcp/remote/network", test_filter);
  ADD ("/pcp/remote/several", test_several);
  ADD ("/pcp/remote/several-too-many", test_several_are_too_many);
  ADD ("/pcp/remote/several-dropped", test_some_are_dropped);
  ADD ("/pcp/remote/no-room", test_more_than_a_request_has_room_for);
  ADD ("/pcp/remote/renewal-replaces", test_renewal_replaces_filter);
  ADD ("/pcp/remote/known-filter-is-replaced", test_known_filter_is_replaced);
  ADD ("/pcp/remote/replacement-is-refused", test_replacement_is_refused);
  ADD ("/pcp/remote/unsupported", test_unsupported);
  ADD ("/pcp/remote/echoed-and-ignored", test_echoed);
  ADD ("/pcp/remote/dropped", test_dropped);
  ADD ("/pcp/remote/dropped-in-renewal", test_dropped_in_renewal);
  ADD ("/pcp/remote/too-many", test_too_many);
  ADD ("/pcp/remote/unmap-has-no-filter", test_unmap_has_no_filter);
  ADD ("/pcp/remote/lost-answers", test_lost_answers);
  ADD ("/pcp/remote/silent", test_silent);
  ADD ("/pcp/remote/refresh-keeps-filter", test_refresh_keeps_filter);
  ADD ("/pcp/third-party/mapped", test_third_party);
  ADD ("/pcp/third-party/refused", test_third_party_refused);
  ADD ("/pcp/third-party/not-authorized", test_third_party_not_authorized);
  ADD ("/pcp/third-party/ignored", test_third_party_ignored);
  ADD ("/pcp/third-party/with-remote", test_both);
  ADD ("/pcp/third-party/ipv6", test_third_party_ipv6);
  ADD ("/pcp/third-party/entry-of-this-host", test_entry_of_this_host);
  ADD_NATPMP ("/natpmp/remote/not-supported", test_natpmp_filter);
  ADD_NATPMP ("/natpmp/third-party/not-supported", test_natpmp_third_party);

  return g_test_run ();
}
