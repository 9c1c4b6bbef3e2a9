/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-device.h"

#include <gio/gnetworking.h>
#include <string.h>

#include "fake-igd.h"
#include "upnp-backend.h"

/* A manager maps a port by UPnP, and the device that answers the search is hostile: either the
 * gateway itself, whose answers and documents the test defines, or another host beside an honest
 * gateway. A third host counts connections: this library must never contact it. */

#define GATEWAY DEVICE_GATEWAY
#define LOCAL "127.0.0.1"
#define PORT 8080

/* How much memory the answers of other hosts may occupy, in bytes. */
#define FLOOD_MEMORY (256 * 1024)

/* The size of one write of an endless answer, in bytes. */
#define PIECE 4096

#define IP1 "urn:schemas-upnp-org:service:WANIPConnection:1"
#define OK DEVICE_OK
#define SERVICE(control)                                                                           \
  "<service><serviceType>" IP1 "</serviceType><controlURL>" control "</controlURL></service>"
#define ROOT(inner) "<root><device>" inner "</device></root>"

typedef AdversaryDevice Fixture;

/* Replaces @THIRD@ in text by the host and port of the third host. (transfer full) */
static char *
name_third (Fixture *f, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "@THIRD@", -1);
  g_autofree char *host = g_strdup_printf (DEVICE_THIRD ":%u", f->third.port);

  return g_strjoinv (host, parts);
}

static void
assert_refused (Fixture *f)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 12 * 1000);

  g_assert_false (adversary_is_up (&f->a));
  g_assert_nonnull (plum_mapping_get_error (f->a.mapping));
}

/* -- Locations -- */

typedef struct
{
  const char *name;
  const char *location;
} LocationTest;

static const LocationTest location_tests[] = {
  { "other-host", "http://@THIRD@/desc.xml" },
  { "loopback", "http://127.0.0.1:631/" },
  { "loopback-ipv6", "http://[::1]:631/" },
  { "name", "http://localhost:631/" },
  { "other-name", "http://router.example/desc.xml" },
  { "public-address", "http://203.0.113.9/" },
  { "number", "http://2130706433/" },
  { "secure-shell", "http://" GATEWAY ":22/" },
  { "user", "http://" GATEWAY "@@THIRD@/" },
  { "backslash", "http://" GATEWAY "\\@@THIRD@/" },
  { "other-scheme", "file:///etc/passwd" },
  { "port-too-big", "http://@THIRD@0000/" },
  { "nothing", "" },
};

static void
test_location (Fixture *f, gconstpointer data)
{
  const LocationTest *test = data;

  g_free (f->location);
  f->location = name_third (f, test->location);
  f->head = g_bytes_new_static (OK "\r\n", strlen (OK "\r\n"));
  assert_refused (f);
}

/* Longer than a datagram, and as long as possible. */
static void
test_location_long (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_strnfill (60000, 'a');

  g_free (f->location);
  f->location = g_strdup_printf ("http://" GATEWAY ":%u/%s", f->port, path);
  f->head = g_bytes_new_static (OK "\r\n", strlen (OK "\r\n"));
  assert_refused (f);
  g_assert_cmpuint (f->n_connections, ==, 0);
}

/* -- Answers by HTTP -- */

typedef struct
{
  const char *name;
  const char *head;
  const char *repeated; /* (nullable): between head and tail */
  guint n_repeats;
  const char *tail;  /* (nullable) */
  const char *piece; /* (nullable): repeated without end */
  guint pause_ms;
} HttpTest;

static const HttpTest http_tests[] = {
  { .name = "redirect",
    .head = "HTTP/1.1 302 Found\r\nLocation: http://@THIRD@/\r\nContent-Length: 0\r\n\r\n" },
  { .name = "control-url-of-another-host",
    .head = OK "\r\n" ROOT (SERVICE ("http://@THIRD@/control")) },
  { .name = "control-url-without-scheme", .head = OK "\r\n" ROOT (SERVICE ("//@THIRD@/control")) },
  { .name = "url-base-of-another-host",
    .head = OK "\r\n<root><URLBase>http://@THIRD@/</URLBase>" SERVICE ("control") "</root>" },
  { .name = "endless-head", .head = OK, .piece = "X-Header: and so on\r\n" },
  { .name = "endless-interim",
    .head = "HTTP/1.1 100 Continue\r\n\r\n",
    .piece = "HTTP/1.1 100 Continue\r\n\r\n" },
  { .name = "endless-body", .head = OK "\r\n<root>", .piece = "<x>and so on</x>" },
  { .name = "endless-chunks",
    .head = OK "Transfer-Encoding: chunked\r\n\r\n",
    .piece = "1\r\nx\r\n" },
  { .name = "endless-blank-lines",
    .head = OK "Transfer-Encoding: chunked\r\n\r\n",
    .piece = "\r\n" },
  { .name = "slow-head", .head = "H", .piece = "T", .pause_ms = 1000 },
  { .name = "slow-body", .head = OK "\r\n<root>", .piece = " ", .pause_ms = 1000 },
  { .name = "chunk-too-big",
    .head = OK "Transfer-Encoding: chunked\r\n\r\n"
               "fffffffffffffffff\r\n<root></root>" },
  { .name = "negative-length", .head = OK "Content-Length: -1\r\n\r\n<root></root>" },
  { .name = "huge-length", .head = OK "Content-Length: 18446744073709551615\r\n\r\n<root></root>" },
  { .name = "gzip", .head = OK "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08" },
  { .name = "deep", .head = OK "\r\n", .repeated = "<device>", .n_repeats = 20000 },
  { .name = "entity-bomb",
    .head = OK "\r\n<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
               "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><root><device><friendlyName>",
    .repeated = "&c;",
    .n_repeats = 1000,
    .tail = "</friendlyName></device></root>" },
  { .name = "external-entity",
    .head = OK "\r\n<!DOCTYPE r [<!ENTITY a SYSTEM \"http://@THIRD@/\">]><root>&a;</root>" },
  { .name = "declarations",
    .head = OK "\r\n",
    .repeated = "<!>",
    .n_repeats = 80000,
    .tail = "<root></root>" },
  { .name = "end-tags", .head = OK "\r\n", .repeated = "</a ", .n_repeats = 60000 },
  { .name = "services",
    .head = OK "\r\n<root>",
    .repeated = SERVICE ("/x"),
    .n_repeats = 100000,
    .tail = "</root>" },
  { .name = "hangs-up", .head = "" },
};

static GBytes *
make_answer (Fixture *f, const HttpTest *test)
{
  g_autofree char *head = name_third (f, test->head);
  GString *text = g_string_new (head);
  gsize size;

  for (guint i = 0; i < test->n_repeats; i++)
    g_string_append (text, test->repeated);
  if (test->tail != NULL)
    g_string_append (text, test->tail);

  size = text->len;
  return g_bytes_new_take (g_string_free (text, FALSE), size);
}

static GBytes *
make_piece (const HttpTest *test)
{
  GString *text = g_string_new (test->piece);
  gsize size;

  while (test->pause_ms == 0 && text->len < PIECE)
    g_string_append (text, test->piece);

  size = text->len;
  return g_bytes_new_take (g_string_free (text, FALSE), size);
}

static void
test_http (Fixture *f, gconstpointer data)
{
  const HttpTest *test = data;

  f->head = make_answer (f, test);
  f->pause_ms = test->pause_ms;
  if (test->piece != NULL)
    f->piece = make_piece (test);
  assert_refused (f);
  g_assert_cmpuint (f->n_connections, >, 0);
}

/* -- Floods -- */

/* A description that is also the answer to every action. */
#define ALL_IN_ONE                                                                                 \
  OK "Connection: close\r\n\r\n<root>" SERVICE (                                                   \
    "/control") "<GetStatusInfoResponse><NewConnectionStatus>Connected</NewConnectionStatus>"      \
                "</GetStatusInfoResponse><GetExternalIPAddressResponse><NewExternalIPAddress>%s"   \
                "</NewExternalIPAddress></GetExternalIPAddressResponse><AddPortMappingResponse/>"  \
                "<DeletePortMappingResponse/><GetSpecificPortMappingEntryResponse>"                \
                "<NewInternalPort>8080</NewInternalPort><NewInternalClient>" LOCAL                 \
                "</NewInternalClient>"                                                             \
                "<NewEnabled>1</NewEnabled><NewLeaseDuration>7200</NewLeaseDuration>"              \
                "</GetSpecificPortMappingEntryResponse></root>"

static void
answer_all (Fixture *f, const char *external_address)
{
  char *text = g_strdup_printf (ALL_IN_ONE, external_address);

  f->head = g_bytes_new_take (text, strlen (text));
  f->a.keeps_mapping = TRUE;
}

static void
on_note (PlumGateway *gateway, const char *backend, const char *note, guint *n_notes)
{
  ++*n_notes;
}

/* The gateway is found although 50,000 answers of 5,000 hosts precede its answer. */
static void
test_answer_flood (Fixture *f, gconstpointer data)
{
  g_autofree char *location = g_steal_pointer (&f->location);
  g_autoptr (PlumGateway) gateway = NULL;
  guint n_notes = 0;
  gsize memory;

  answer_all (f, "1.2.3.4");
  f->location = g_strdup ("");
  adversary_add_mapping (&f->a, PORT);
  test_loop_settle (&f->a.loop);
  g_assert_nonnull (f->client);
  gateway = g_list_model_get_item (plum_manager_get_gateways (f->a.manager), 0);
  g_signal_connect (gateway, "note", G_CALLBACK (on_note), &n_notes);

  memory = test_memory_in_use ();
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *host = g_strdup_printf ("127.82.%u.%u", i / 250, 1 + i % 250);
      g_autoptr (GSocket) stranger = adversary_socket_new (host, 0);

      for (guint j = 0; j < 10; j++)
        {
          g_autofree char *other = g_strdup_printf ("http://%s:9/%u", host, j);

          adversary_device_answer (f, stranger, other);
        }
      if (i % 10 == 9)
        test_loop_settle (&f->a.loop);
    }

  g_test_message ("%" G_GSIZE_FORMAT " bytes more in use", test_memory_in_use () - memory);
  g_assert_cmpuint (test_memory_in_use (), <=, memory + FLOOD_MEMORY);
  g_assert_cmpuint (n_notes, <=, 1000);
  adversary_device_answer (f, f->ssdp, location);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);
  g_assert_cmpuint (plum_mapping_get_external_port (f->a.mapping), ==, PORT);
  g_signal_handlers_disconnect_by_data (gateway, &n_notes);
}

/* -- Answers and announcements that are forged with the address of the gateway -- */

/* A port of the gateway that closes each connection. */
typedef struct
{
  GSocketService *service;
  guint16 port;
  guint n_connections;
} Liar;

static gboolean
on_lied_to (GSocketService *service, GSocketConnection *connection, GObject *source, Liar *liar)
{
  liar->n_connections++;
  return TRUE;
}

static void
liar_set_up (Liar *liar)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (GATEWAY, 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) error = NULL;

  liar->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (liar->service), address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &effective, &error);
  g_assert_no_error (error);
  liar->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_signal_connect (liar->service, "incoming", G_CALLBACK (on_lied_to), liar);
}

static void
liar_tear_down (Liar *liar)
{
  g_socket_service_stop (liar->service);
  g_socket_listener_close (G_SOCKET_LISTENER (liar->service));
  g_clear_object (&liar->service);
}

/* 500 answers, to the port that was sent to the gateway alone or to the port that every host on the
 * link has seen, before the true one. */
static void
test_forged_answers (Fixture *f, gconstpointer data)
{
  const guint *after_ms = data;
  g_autofree char *location = g_steal_pointer (&f->location);
  Liar liar = { 0 };

  liar_set_up (&liar);
  answer_all (f, "1.2.3.4");
  f->location = g_strdup_printf ("http://" GATEWAY ":%u/0", liar.port);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, *after_ms);
  for (guint i = 0; i < 500; i++)
    {
      g_autofree char *other = g_strdup_printf ("http://" GATEWAY ":%u/%u", liar.port, i);

      adversary_device_answer (f, f->ssdp, other);
      if (i % 10 == 9)
        test_loop_settle (&f->a.loop);
    }

  adversary_device_answer (f, f->ssdp, location);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);
  g_assert_cmpuint (liar.n_connections, >, 0);
  g_test_message ("%u forged descriptions requested", liar.n_connections);
  g_assert_cmpuint (liar.n_connections, <=, 24);
  liar_tear_down (&liar);
}

/* Only forged answers: the number of connections is bounded, and the message does not blame the
 * router. */
static void
test_only_forged_answers (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  Liar liar = { 0 };

  liar_set_up (&liar);
  g_free (f->location);
  f->location = g_strdup_printf ("http://" GATEWAY ":%u/0", liar.port);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 210);
  for (guint i = 1; i < 900; i++)
    {
      g_autofree char *other = g_strdup_printf ("http://" GATEWAY ":%u/%u", liar.port, i);

      adversary_device_answer (f, f->ssdp, other);
      test_loop_advance (&f->a.loop, 11);
    }
  test_loop_advance (&f->a.loop, 3000);

  g_assert_nonnull (plum_mapping_get_error (f->a.mapping));
  g_assert_nonnull (
    strstr (plum_mapping_get_error (f->a.mapping)->message, "answers with the address of"));
  g_test_message ("%u forged descriptions requested", liar.n_connections);
  g_assert_cmpuint (liar.n_connections, <=, 60);
  liar_tear_down (&liar);
}

static void
send_forged_notify (GSocket *from, guint16 port, guint i)
{
  g_autoptr (GSocketAddress) group =
    g_inet_socket_address_new_from_string ("239.255.255.250", 1900);
  g_autofree char *text =
    g_strdup_printf ("NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\n"
                     "NT: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
                     "LOCATION: http://" GATEWAY ":%u/%u\r\n\r\n",
                     port, i);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  adversary_send (from, group, bytes);
}

/* 89 announcements in a second with the address of a router that answers 200 ms later. */
static void
test_forged_announcements (void)
{
  g_autoptr (GSocket) socket = NULL;
  Adversary a = { 0 };
  FakeIgd *igd;
  Liar liar = { 0 };

  adversary_set_up (&a, GATEWAY);
  plum_manager_add_backend_type (a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  igd = fake_igd_new (GATEWAY);
  igd->switches.ssdp_drop = 1;
  liar_set_up (&liar);
  socket = adversary_socket_new (GATEWAY, 0);
  g_socket_set_option (socket, IPPROTO_IP, IP_MULTICAST_TTL, 1, NULL);

  adversary_add_mapping (&a, PORT);
  test_loop_settle (&a.loop);
  for (guint i = 0; i < 17; i++)
    {
      send_forged_notify (socket, liar.port, i);
      test_loop_advance (&a.loop, 11);
    }
  g_assert_false (adversary_is_up (&a));
  test_loop_advance_until (&a.loop, adversary_is_up (&a), 200);

  g_test_message ("%u forged descriptions requested", liar.n_connections);
  g_assert_cmpuint (liar.n_connections, <=, 8);
  g_assert_nonnull (fake_igd_find (igd, PLUM_PROTOCOL_TCP, PORT));
  liar_tear_down (&liar);
  adversary_tear_down (&a);
  fake_igd_free (igd);
}

/* 100 answers with the address of another host on the link: it is contacted after the window, at
 * most eight times. */
static void
test_forged_bystander (void)
{
  g_autoptr (GSocket) gateway = NULL;
  g_autoptr (GSocketAddress) client = NULL;
  AdversaryDevice f = { 0 };
  char search[1024];

  adversary_set_up (&f.a, GATEWAY);
  plum_manager_add_backend_type (f.a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  counter_set_up (&f.third, DEVICE_THIRD);
  gateway = adversary_socket_new (GATEWAY, 1900);
  g_socket_set_blocking (gateway, FALSE);

  adversary_add_mapping (&f.a, PORT);
  test_loop_advance (&f.a.loop, 210);
  while (g_socket_receive_from (gateway, &f.client, search, sizeof search, NULL, NULL) > 0)
    {
      g_clear_object (&client);
      client = g_steal_pointer (&f.client);
    }
  f.client = g_steal_pointer (&client);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *location =
        g_strdup_printf ("http://" DEVICE_THIRD ":%u/%u", f.third.port, i);

      adversary_device_answer (&f, f.third.ssdp, location);
      test_loop_settle (&f.a.loop);
    }
  g_assert_cmpuint (f.third.n_connections, ==, 0);
  test_loop_advance (&f.a.loop, 12000);
  g_assert_cmpuint (f.third.n_connections, ==, 8);
  f.third.n_connections = 0;

  adversary_tear_down (&f.a);
  counter_tear_down (&f.third);
  g_clear_object (&f.client);
}

/* One announcement of another host during a search causes nothing at all. */
static void
test_forged_announcement_of_bystander (void)
{
  AdversaryDevice f = { 0 };

  adversary_set_up (&f.a, GATEWAY);
  plum_manager_add_backend_type (f.a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  counter_set_up (&f.third, DEVICE_THIRD);
  adversary_add_mapping (&f.a, PORT);
  test_loop_settle (&f.a.loop);
  send_forged_notify (f.third.ssdp, f.third.port, 1);
  test_loop_advance (&f.a.loop, 12000);

  adversary_tear_down (&f.a);
  counter_tear_down (&f.third);
}

/* The reported external address is a valid IPv4 address, or unknown. */
static void
test_external_address (Fixture *f, gconstpointer data)
{
  answer_all (f, data);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 10000);

  g_assert_null (plum_mapping_get_external_host (f->a.mapping));
  g_assert_cmpint (plum_mapping_get_external_scope (f->a.mapping), !=, PLUM_ADDRESS_SCOPE_PUBLIC);
}

typedef struct
{
  Adversary a;
  FakeIgd *igd;
} Honest;

static void
honest_set_up (Honest *h, gconstpointer data)
{
  adversary_set_up (&h->a, GATEWAY);
  h->igd = fake_igd_new (GATEWAY);
  plum_manager_add_backend_type (h->a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
  adversary_add_mapping (&h->a, PORT);
  test_loop_advance_until (&h->a.loop, adversary_is_up (&h->a), 5000);
  adversary_expect_no_change (&h->a);
}

static void
honest_tear_down (Honest *h, gconstpointer data)
{
  g_assert_nonnull (fake_igd_find (h->igd, PLUM_PROTOCOL_TCP, PORT));
  adversary_tear_down (&h->a);
  g_assert_cmpuint (fake_igd_n_entries (h->igd), ==, 0);
  fake_igd_free (h->igd);
}

/* 10,000 forged byebye or alive messages: the gateway is queried rarely, and stays available. */
static void
test_forged_notify (Honest *h, gconstpointer nts)
{
  if (!fake_igd_notify (h->igd, nts))
    {
      g_test_skip ("No multicast on loopback here");
      return;
    }

  for (guint i = 0; i < 500; i++)
    {
      h->igd->boot_id = 1000 + i;
      for (guint j = 0; j < 20; j++)
        fake_igd_notify (h->igd, nts);
      test_loop_advance (&h->a.loop, 100);
    }

  g_assert_cmpuint (h->igd->counts.get_specific, >, 0);
  g_assert_cmpuint (h->igd->counts.get_specific, <=, 8);
  g_assert_cmpuint (h->igd->counts.searches, <=, 60);
}

static void
add (const char *folder,
     const char *name,
     gconstpointer data,
     void (*func) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strconcat ("/adversary/upnp/", folder, "/", name, NULL);

  g_test_add (path, Fixture, data, adversary_device_set_up, func, adversary_device_tear_down);
}

int
main (int argc, char **argv)
{
  static const guint at_once = 0;
  static const guint after_group = 210;

  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (location_tests); i++)
    add ("location", location_tests[i].name, &location_tests[i], test_location);
  add ("location", "long", NULL, test_location_long);

  for (gsize i = 0; i < G_N_ELEMENTS (http_tests); i++)
    add ("http", http_tests[i].name, &http_tests[i], test_http);

  add ("external-address", "text", "none of your business", test_external_address);
  add ("external-address", "zeros", "0.0.0.0", test_external_address);
  add ("external-address", "loopback", "127.0.0.1", test_external_address);
  add ("external-address", "multicast", "224.0.0.1", test_external_address);
  add ("external-address", "markup", "&lt;b&gt;1.2.3.4&lt;/b&gt;", test_external_address);
  add ("external-address", "ipv6", "2001:db8::1", test_external_address);

  add ("flood", "answers", NULL, test_answer_flood);
  add ("forged", "answers-to-the-first-search", &at_once, test_forged_answers);
  add ("forged", "answers", &after_group, test_forged_answers);
  add ("forged", "only-answers", NULL, test_only_forged_answers);
  g_test_add_func ("/adversary/upnp/forged/announcements", test_forged_announcements);
  g_test_add_func ("/adversary/upnp/forged/bystander", test_forged_bystander);
  g_test_add_func ("/adversary/upnp/forged/announcement-of-bystander",
                   test_forged_announcement_of_bystander);
  g_test_add ("/adversary/upnp/flood/byebye", Honest, "ssdp:byebye", honest_set_up,
              test_forged_notify, honest_tear_down);
  g_test_add ("/adversary/upnp/flood/alive", Honest, "ssdp:alive", honest_set_up,
              test_forged_notify, honest_tear_down);

  return g_test_run ();
}
