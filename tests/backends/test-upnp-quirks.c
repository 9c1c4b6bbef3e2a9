/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.1"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* Discovery, map and unmap succeed with each of these quirks. */
static void
test_maps (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8081);
  FakeIgdEntry *entry = fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8081);

  assert_lease (lease, 8081, LIFETIME, "1.2.3.4");
  g_assert_nonnull (entry);
  g_assert_cmpuint (entry->internal_port, ==, 8080);
  g_assert_cmpstr (entry->client, ==, LOCAL);
  g_assert_cmpuint (entry->lease, ==, LIFETIME);
  g_assert_cmpstr (entry->description, ==, "test");

  assert_check (f, lease, -1);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
  g_assert_null (f->lost);
}

static const UpnpTest tests[] = {
  { "quirk/none", { 0 }, test_maps },

  { "quirk/service-v2", { .version = 2 }, test_maps },
  { "quirk/service-v3", { .version = 3 }, test_maps },
  { "quirk/service-ppp", { .ppp = TRUE }, test_maps },
  { "quirk/service-dslforum", { .dslforum = TRUE }, test_maps },
  { "quirk/service-after-a-dead-one", { .two_services = TRUE }, test_maps },

  { "quirk/answers-only-igd-2",
    { .only_target = "urn:schemas-upnp-org:device:InternetGatewayDevice:2" },
    test_maps },
  { "quirk/answers-only-ip-1",
    { .only_target = "urn:schemas-upnp-org:service:WANIPConnection:1" },
    test_maps },
  { "quirk/answers-only-ip-2",
    { .only_target = "urn:schemas-upnp-org:service:WANIPConnection:2" },
    test_maps },
  { "quirk/answers-only-ppp",
    { .only_target = "urn:schemas-upnp-org:service:WANPPPConnection:1" },
    test_maps },
  { "quirk/answers-as-root-device", { .answer_target = "upnp:rootdevice" }, test_maps },
  { "quirk/answers-as-another-part",
    { .answer_target = "urn:schemas-upnp-org:device:WANConnectionDevice:1" },
    test_maps },
  { "quirk/first-searches-lost", { .ssdp_drop = 12 }, test_maps },
  { "quirk/location-on-loopback", { .location_host = "127.0.0.1" }, test_maps },
  { "quirk/location-on-v6", { .location_host = "[::1]" }, test_maps },
  { "quirk/location-by-name", { .location_host = "router.example" }, test_maps },
  { "quirk/wfa-device-first", { .wfa_first = TRUE }, test_maps },
  { "quirk/junk-first", { .junk_first = TRUE }, test_maps },
  { "quirk/answer-from-another-port", { .other_source_port = TRUE }, test_maps },
  { "quirk/answer-cut-off", { .cut_answer = TRUE }, test_maps },
  { "quirk/answer-with-bare-newlines", { .bare_newlines = TRUE }, test_maps },
  { "quirk/answer-is-another-service/common-interface",
    { .answer_target = "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1" },
    test_maps },
  { "quirk/answer-is-another-service/forwarding",
    { .answer_target = "urn:schemas-upnp-org:service:Layer3Forwarding:1" },
    test_maps },
  { "quirk/answer-is-another-service/ethernet",
    { .answer_target = "urn:schemas-upnp-org:service:WANEthernetLinkConfig:1" },
    test_maps },
  { "quirk/answer-is-another-service/identifier",
    { .answer_target = "uuid:00000000-0000-0000-0000-000000000001" },
    test_maps },
  { "quirk/answer-is-a-notification", { .notify_only = TRUE }, test_maps },

  { "quirk/http-chunked", { .chunked = TRUE }, test_maps },
  { "quirk/http-no-length", { .no_length = TRUE }, test_maps },
  { "quirk/http-length-too-long", { .length_error = 100 }, test_maps },
  { "quirk/http-length-too-short", { .length_error = -30 }, test_maps },
  { "quirk/http-keep-open", { .keep_open = TRUE }, test_maps },
  { "quirk/http-keep-open-without-length", { .keep_open = TRUE, .no_length = TRUE }, test_maps },
  { "quirk/http-1.0", { .http10 = TRUE, .no_length = TRUE }, test_maps },
  { "quirk/http-slow", { .delay_ms = 1500 }, test_maps },
  { "quirk/http-m-post", { .m_post = TRUE }, test_maps },

  { "quirk/xml-prefix", { .xml_prefix = TRUE }, test_maps },
  { "quirk/xml-case", { .xml_case = TRUE }, test_maps },
  { "quirk/xml-blanks-first", { .xml_blanks = TRUE }, test_maps },
  { "quirk/xml-byte-order-mark", { .xml_bom = TRUE }, test_maps },
  { "quirk/xml-bad-utf8", { .xml_bad_utf8 = TRUE }, test_maps },
  { "quirk/description-cut-off", { .cut_description = 40 }, test_maps },
  { "quirk/control-url-absolute", { .absolute_control = TRUE }, test_maps },
  { "quirk/control-url-of-another-host", { .control_host = "10.9.8.7" }, test_maps },
  { "quirk/control-url-is-a-query", { .query_control = TRUE }, test_maps },
  { "quirk/control-url-relative", { .relative_control = TRUE }, test_maps },
  { "quirk/url-base-wrong", { .url_base = "http://10.9.8.7:1/x/" }, test_maps },
  { "quirk/url-base-broken", { .url_base = "@SERVERURL@" }, test_maps },

  { "quirk/status-not-connected", { .status = "Disconnected" }, test_maps },
  { "quirk/status-up", { .status = "Up" }, test_maps },
  { "quirk/status-fault", { .status_fault = 501 }, test_maps },
  { "quirk/fault-with-200", { .fault_with_200 = TRUE }, test_maps },
  { "quirk/empty-success", { .empty_success = TRUE }, test_maps },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
