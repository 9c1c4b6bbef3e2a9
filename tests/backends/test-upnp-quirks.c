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

/* -- Answers to single actions -- */

#define STATUS "#GetStatusInfo\""
#define LOOK "#GetSpecificPortMappingEntry\""
#define EVERY_ANSWER "SOAPAction"
#define ADDRESS "#GetExternalIPAddress\""
#define BOTH "#Get(StatusInfo|ExternalIPAddress)\""
#define UNNUMBERED                                                                                 \
  "<Envelope><Body><Fault><faultcode>s:Client</faultcode>"                                         \
  "<faultstring>UPnPError</faultstring></Fault></Body></Envelope>"

/* What replaces the answers to some actions. */
typedef struct
{
  UpnpTest test;
  const char *match;    /* the requests; a regular expression */
  guint status;         /* 0: the connection is closed */
  const char *body;     /* NULL: the original one */
  gboolean only_faults; /* replace faults only */
  gboolean hidden;      /* the entries of the table cannot be read */
  gboolean no_address;  /* nor the external address */
  guint lifetime;       /* that is granted; 0: LIFETIME */
} Replacement;

static void
replace_answer (const char *request, guint *status, GString *body, gpointer data)
{
  const Replacement *row = data;

  if (!g_regex_match_simple (row->match, request, 0, 0) || (row->only_faults && *status == 200))
    return;

  *status = row->status;
  if (row->body != NULL)
    g_string_assign (body, row->body);
}

/* The mapping is added, renewed, deleted and added again: what was learnt must not prevent it. */
static void
test_maps_nevertheless (Fixture *f, gconstpointer data)
{
  const Replacement *row = data;
  guint lifetime = row->lifetime != 0 ? row->lifetime : LIFETIME;
  const char *address = row->no_address ? NULL : "1.2.3.4";

  f->igd->edit = replace_answer;
  f->igd->edit_data = (gpointer) row;
  discover (f);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PlumCall) mapped = map_call (f, 8080, 8081, LIFETIME);
      g_autoptr (PlumCall) renewed = NULL;

      g_assert_no_error (plum_call_get_error (mapped));
      assert_lease (plum_call_get_lease (mapped), 8081, lifetime, address);
      g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, 8081));
      test_loop_advance (&f->loop, 61 * 1000);
      renewed = map_call (f, 8080, 8081, LIFETIME);
      g_assert_no_error (plum_call_get_error (renewed));
      assert_lease (plum_call_get_lease (renewed), 8081, lifetime, address);
      assert_check (f, plum_call_get_lease (mapped), row->hidden ? PLUM_ERROR_NOT_SUPPORTED : -1);
      unmap_port (f, plum_call_get_lease (mapped));
      g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
    }

  g_assert_null (f->lost);
}

/* An optional action that the router does not have is not a loss, whatever says so. */
static void
test_no_add_any (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) mapped = NULL;

  f->igd->edit = replace_answer;
  f->igd->edit_data = (gpointer) data;
  /* Without a look, AddAnyPortMapping is the way to avoid a port that is taken. */
  f->igd->switches.specific_fault = 401;
  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8081, 80, STRANGER, 0);
  discover (f);
  mapped = map_call (f, 8080, 8081, LIFETIME);
  g_assert_no_error (plum_call_get_error (mapped));
  g_assert_cmpuint (plum_lease_get_external_port (plum_call_get_lease (mapped)), !=, 8081);
  g_assert_cmpuint (f->igd->counts.add_any, ==, 1);
  g_assert_null (f->lost);
}

#define REPLACE(name, switches, ...)                                                               \
  {                                                                                                \
    { "quirk/" name, switches, test_maps_nevertheless }, __VA_ARGS__                               \
  }
#define NONE                                                                                       \
  {                                                                                                \
    0                                                                                              \
  }
#define TWO                                                                                        \
  {                                                                                                \
    .two_services = TRUE, .ppp = TRUE                                                              \
  } /* the dead one is examined first */

static const Replacement replacements[] = {
  REPLACE ("405/look", NONE, LOOK, 405, "", .hidden = TRUE),
  REPLACE ("405/status", NONE, STATUS, 405, ""),
  REPLACE ("405/dead-service", TWO, "POST /ctl/down ", 405, ""),
  REPLACE ("405/fault", NONE, EVERY_ANSWER, 405, .only_faults = TRUE),
  REPLACE ("405/success", NONE, EVERY_ANSWER, 405),

  REPLACE ("404/look", NONE, LOOK, 404, "", .hidden = TRUE),
  REPLACE ("404/status", NONE, STATUS, 404, ""),
  REPLACE ("404/dead-service", TWO, "POST /ctl/down ", 404, ""),
  REPLACE ("404/fault", NONE, EVERY_ANSWER, 404, .only_faults = TRUE),
  REPLACE ("404/fault-of-an-add",
           { .timed_fault = 725 },
           EVERY_ANSWER,
           404,
           .only_faults = TRUE,
           .lifetime = PLUM_LIFETIME_FOREVER),
  REPLACE ("404/success", NONE, EVERY_ANSWER, 404),
  REPLACE ("410/look", NONE, LOOK, 410, "", .hidden = TRUE),
  REPLACE ("410/fault", NONE, EVERY_ANSWER, 410, .only_faults = TRUE),

  REPLACE ("no-answer/status", NONE, STATUS, 0),
  REPLACE ("no-answer/address", NONE, ADDRESS, 0, .no_address = TRUE),
  REPLACE ("no-answer/both", NONE, BOTH, 0, .no_address = TRUE),
  REPLACE ("no-answer/dead-service", TWO, "POST /ctl/down ", 0),
  REPLACE ("500/status", NONE, STATUS, 500, ""),
  REPLACE ("500/address", NONE, ADDRESS, 500, "", .no_address = TRUE),
  REPLACE ("500/both", NONE, BOTH, 500, "", .no_address = TRUE),
  REPLACE ("500/dead-service", TWO, "POST /ctl/down ", 500, ""),
  REPLACE ("unnumbered/status", NONE, STATUS, 500, UNNUMBERED),
  REPLACE ("unnumbered/both", NONE, BOTH, 500, UNNUMBERED, .no_address = TRUE),
  REPLACE ("unnumbered/both-400", NONE, BOTH, 400, UNNUMBERED, .no_address = TRUE),
  REPLACE ("unnumbered/both-200", NONE, BOTH, 200, UNNUMBERED, .no_address = TRUE),
};

/* A method that was refused once is tried again when the other one is refused. */
static void
test_m_post (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8081);
  guint posts = f->igd->counts.posts;

  /* M-POST is remembered: the request is sent once. */
  map_only (f, 8081);
  g_assert_cmpuint (f->igd->counts.posts, ==, posts + 1);

  f->igd->switches.m_post = FALSE;
  posts = f->igd->counts.posts;
  assert_check (f, lease, -1);
  g_assert_cmpuint (f->igd->counts.posts, ==, posts + 2);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_entries (f->igd), ==, 0);
}

/* An answer with 405 is not asked for again. One without SOAP is, but only for its own action. */
static void
test_405_posts (Fixture *f, gconstpointer data)
{
  const Replacement *row = data;
  guint repeated = row->body != NULL ? 1 : 0;

  f->igd->edit = replace_answer;
  f->igd->edit_data = (gpointer) row;
  map_only (f, 8081);
  g_assert_cmpuint (f->igd->counts.posts, ==, 5 + repeated);
  g_assert_cmpuint (f->igd->counts.add, ==, 1);
}

static const Replacement posts_405[] = {
  { { "quirk/405/posts/success", NONE, test_405_posts }, EVERY_ANSWER, 405 },
  { { "quirk/405/posts/status", NONE, test_405_posts }, STATUS, 405, "" },
};

static const Replacement no_add_any[] = {
  { { "quirk/404/add-any", { .version = 2 }, test_no_add_any }, "#AddAny", 404, "" },
  { { "quirk/405/add-any", { .version = 2 }, test_no_add_any }, "#AddAny", 405, "" },
  { { "quirk/404/add-any-fault", { .version = 2, .add_any_fault = 401 }, test_no_add_any },
    "#AddAny",
    404 },
};

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
  { "quirk/http-m-post-with-a-dead-service",
    { .m_post = TRUE, .two_services = TRUE, .ppp = TRUE },
    test_maps },
  { "quirk/http-m-post-for-a-time", { .m_post = TRUE }, test_m_post },

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
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    upnp_test_add (&tests[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (replacements); i++)
    upnp_test_add (&replacements[i].test);
  for (gsize i = 0; i < G_N_ELEMENTS (posts_405); i++)
    upnp_test_add (&posts_405[i].test);
  for (gsize i = 0; i < G_N_ELEMENTS (no_add_any); i++)
    upnp_test_add (&no_add_any[i].test);

  return g_test_run ();
}
