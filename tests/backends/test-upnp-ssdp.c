/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ssdp-codec.h"

#include <string.h>

#define IGD "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
#define FIREWALL "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1"

/* Decodes from a block of exact size, so that a sanitizer detects a read past its end. */
static UpnpSsdpMessage *
decode (const char *text, gsize len, GError **error)
{
  g_autofree char *block = g_memdup2 (text, len);

  return upnp_ssdp_decode (len > 0 ? block : "", len, error);
}

static UpnpSsdpMessage *
decode_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  UpnpSsdpMessage *message = decode (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

static void
assert_bad (const char *text, gsize len)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpSsdpMessage) message = decode (text, len, &error);

  g_assert_null (message);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
test_search_bytes (void)
{
  g_autoptr (GBytes) bytes = upnp_ssdp_encode_search ("192.0.2.1:1900", IGD);
  static const char want[] = "M-SEARCH * HTTP/1.1\r\n"
                             "HOST: 192.0.2.1:1900\r\n"
                             "MAN: \"ssdp:discover\"\r\n"
                             "MX: 1\r\n"
                             "ST: " IGD "\r\n"
                             "\r\n";

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), want, strlen (want));
}

static void
test_search_targets (void)
{
  const char *const *targets = upnp_ssdp_targets (G_SOCKET_FAMILY_IPV4);

  g_assert_cmpuint (g_strv_length ((char **) targets), ==, 5);
  g_assert_cmpstr (targets[0], ==, IGD);
}

/* A router of version 2 may answer any of them; the most specific target is first. */
static void
test_search_targets_ipv6 (void)
{
  const char *const *targets = upnp_ssdp_targets (G_SOCKET_FAMILY_IPV6);

  g_assert_cmpuint (g_strv_length ((char **) targets), ==, 3);
  g_assert_cmpstr (targets[0], ==, FIREWALL);
  g_assert_cmpstr (targets[2], ==, IGD);
}

static void
test_answer_firewall (void)
{
  g_autoptr (UpnpSsdpMessage) message = decode_good ("HTTP/1.1 200 OK\r\n"
                                                     "ST: " FIREWALL "\r\n"
                                                     "USN: uuid:1::" FIREWALL "\r\n"
                                                     "LOCATION: http://[2001:db8::1]:5000/d.xml\r\n"
                                                     "\r\n");

  g_assert_cmpint (message->class, ==, UPNP_SSDP_GATEWAY);
  g_assert_cmpstr (message->location, ==, "http://[2001:db8::1]:5000/d.xml");
}

static void
test_answer_plain (void)
{
  g_autoptr (UpnpSsdpMessage) message = decode_good ("HTTP/1.1 200 OK\r\n"
                                                     "CACHE-CONTROL: max-age=1800\r\n"
                                                     "EXT:\r\n"
                                                     "ST: " IGD "\r\n"
                                                     "USN: uuid:1::" IGD "\r\n"
                                                     "LOCATION: http://192.0.2.1:5000/d.xml\r\n"
                                                     "SERVER: Box/1.0 UPnP/1.1 plum/1\r\n"
                                                     "BOOTID.UPNP.ORG: 17\r\n"
                                                     "\r\n");

  g_assert_cmpint (message->kind, ==, UPNP_SSDP_ANSWER);
  g_assert_cmpint (message->class, ==, UPNP_SSDP_GATEWAY);
  g_assert_cmpstr (message->target, ==, IGD);
  g_assert_cmpstr (message->location, ==, "http://192.0.2.1:5000/d.xml");
  g_assert_cmpstr (message->server, ==, "Box/1.0 UPnP/1.1 plum/1");
  g_assert_cmpint (message->boot_id, ==, 17);
}

static void
test_answer_odd_lines (void)
{
  g_autoptr (UpnpSsdpMessage) message = decode_good ("\r\nhttp/1.1 200 OK \n"
                                                     "server: \n"
                                                     "User-Agent: st:other location: none\n"
                                                     "Location:http://192.0.2.1/igd.xml\t \n"
                                                     "st:" IGD);

  g_assert_cmpint (message->kind, ==, UPNP_SSDP_ANSWER);
  g_assert_cmpstr (message->location, ==, "http://192.0.2.1/igd.xml");
  g_assert_cmpstr (message->target, ==, IGD);
  g_assert_null (message->server);
  g_assert_cmpint (message->boot_id, ==, -1);
}

static void
test_answer_cut_in_usn (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("HTTP/1.1 200 OK\r\nLOCATION: http://192.0.2.1:1900/igd.xml\r\n"
                 "ST: upnp:rootdevice\r\nUSN: uuid:9f08");

  g_assert_cmpint (message->class, ==, UPNP_SSDP_ROOT);
  g_assert_cmpstr (message->location, ==, "http://192.0.2.1:1900/igd.xml");
}

static void
test_answer_other_target_than_searched (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("HTTP/1.1 200 OK\r\nLOCATION: http://192.0.2.1/\r\n"
                 "ST: urn:schemas-upnp-org:device:WANConnectionDevice:1\r\n\r\n");

  g_assert_cmpint (message->class, ==, UPNP_SSDP_GATEWAY);
}

static void
test_answer_of_another_device (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("HTTP/1.1 200 OK\r\nLOCATION: http://192.0.2.1:1990/WFADevice.xml\r\n"
                 "ST: urn:schemas-wifialliance-org:device:WFADevice:1\r\n\r\n");

  g_assert_cmpint (message->class, ==, UPNP_SSDP_OTHER);
}

static void
test_answer_named_by_usn (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("HTTP/1.1 200 OK\r\nLOCATION: http://192.0.2.1/\r\nST: ssdp:all\r\n"
                 "USN: not-a-uuid::urn:schemas-upnp-org:service:WANPPPConnection:1\r\n\r\n");

  g_assert_cmpint (message->class, ==, UPNP_SSDP_GATEWAY);
}

static void
test_answer_bad_utf8 (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("HTTP/1.1 200 OK\r\nSERVER: T\xe9l\xe9/1\r\nST: " IGD "\r\n"
                 "LOCATION: http://192.0.2.1/\xff\r\n\r\n");

  g_assert_true (g_utf8_validate (message->server, -1, NULL));
  g_assert_true (g_utf8_validate (message->location, -1, NULL));
}

static void
test_answer_with_nul (void)
{
  static const char text[] = "HTTP/1.1 200 OK\r\nST: " IGD "\r\n\0LOCATION: x\r\n"
                             "LOCATION: http://192.0.2.1/\0\0\r\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpSsdpMessage) message = decode (text, sizeof text - 1, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (message->location, ==, "http://192.0.2.1/");
}

/* -- Forms of LOCATION and of lines (quirk 27) -- */

typedef struct
{
  const char *name;
  const char *lines; /* after the first one, without ST */
  const char *location;
} Location;

#define URL "http://192.0.2.1:5000/d.xml"
#define HTTPS "https://192.0.2.1:5001/d.xml"

static const Location locations[] = {
  /* RFC 7230 3.2.4: a line that begins with white space continues the line before. */
  { "folded/before-url", "LOCATION:\r\n " URL "\r\n", URL },
  { "folded/tab", "LOCATION: \r\n\t " URL " \r\n", URL },
  { "folded/bare-newline", "location:\n " URL "\n", URL },
  { "folded/in-url", "LOCATION: http://192.0.2.1:5000\r\n /d.xml\r\n", URL },
  { "folded/in-authority", "LOCATION: http://192.0.2.1\r\n :5000/d.xml\r\n", URL },
  { "folded/three-lines", "LOCATION:\r\n http://192.0.2.1:5000/\r\n d.xml\r\n", URL },
  { "folded/other-header", "SERVER: x\r\n y\r\nLOCATION: " URL "\r\n", URL },
  { "folded/other-header-empty", "EXT:\r\n LOCATION: http://192.0.2.9/\r\nLOCATION: " URL "\r\n",
    URL },
  { "folded/no-header", "SERVER: x\r\n LOCATION: http://192.0.2.9/\r\nLOCATION: " URL "\r\n", URL },
  /* A header that is indented is no part of the URL. */
  { "folded/indented-header", "LOCATION: " URL "\r\n USN: uuid:1\r\n", URL },
  { "folded/indented-header-without-blank", "LOCATION: " URL "\r\n USN:uuid\r\n", URL },
  { "folded/words", "LOCATION: " URL "\r\n and more\r\n", URL },
  { "folded/blank-line", "LOCATION:\r\n \r\n " URL "\r\n", NULL },
  { "folded/after-blank-line", "LOCATION: " URL "\r\n\r\n x\r\n", URL },
  { "folded/first-header", " LOCATION: http://192.0.2.9/\r\nLOCATION: " URL "\r\n", URL },

  { "wrapped/angle", "LOCATION: <" URL ">\r\n", URL },
  { "wrapped/quotes", "LOCATION: \"" URL "\"\r\n", URL },
  { "wrapped/blanks", "LOCATION: < " URL " > \r\n", URL },
  { "wrapped/folded", "LOCATION:\r\n <" URL ">\r\n", URL },
  { "wrapped/not-closed", "LOCATION: <" URL "\r\n", "<" URL },
  { "wrapped/not-opened", "LOCATION: " URL ">\r\n", URL ">" },
  { "wrapped/mixed", "LOCATION: <" URL "\"\r\n", "<" URL "\"" },
  { "wrapped/one-character", "LOCATION: \"\r\n", "\"" },
  { "wrapped/empty", "LOCATION: <>\r\n", NULL },
  { "wrapped/empty-first", "LOCATION: \"\"\r\nLOCATION: " URL "\r\n", URL },

  { "twice/https-first", "LOCATION: " HTTPS "\r\nLOCATION: " URL "\r\n", URL },
  { "twice/https-last", "LOCATION: " URL "\r\nLOCATION: " HTTPS "\r\n", URL },
  { "twice/http", "LOCATION: " URL "\r\nLOCATION: http://192.0.2.9/\r\n", URL },
  { "twice/https", "LOCATION: " HTTPS "\r\nLOCATION: https://192.0.2.9/\r\n", HTTPS },
  { "twice/not-a-url-first", "LOCATION: none\r\nLOCATION: " URL "\r\n", URL },
  { "twice/wrapped", "LOCATION: <" HTTPS ">\r\nLOCATION: <" URL ">\r\n", URL },
  { "twice/in-upper-case", "LOCATION: HTTPS://192.0.2.1/\r\nlocation: HTTP://192.0.2.1/\r\n",
    "HTTP://192.0.2.1/" },
  { "only-https", "LOCATION: " HTTPS "\r\n", HTTPS },
  { "secure-location", "SECURELOCATION.UPNP.ORG: " HTTPS "\r\nLOCATION: " URL "\r\n", URL },
  { "blanks-before-colon", "LOCATION \t: " URL "\r\n", URL },
  { "blank-in-path", "LOCATION: http://192.0.2.1/my device.xml\r\n",
    "http://192.0.2.1/my device.xml" },
};

static void
test_location (gconstpointer data)
{
  const Location *row = data;
  g_autofree char *text =
    g_strconcat ("HTTP/1.1 200 OK\r\n", row->lines, "ST: " IGD "\r\n\r\n", NULL);
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_autoptr (UpnpSsdpMessage) message = decode_good (text);
  g_autoptr (UpnpSsdpMessage) in_lower_case = decode_good (lower);
  g_autofree char *wanted = row->location != NULL ? g_ascii_strdown (row->location, -1) : NULL;

  g_assert_cmpstr (message->location, ==, row->location);
  g_assert_cmpstr (message->target, ==, IGD);
  g_assert_cmpstr (in_lower_case->location, ==, wanted);

  /* A truncated message never crashes. */
  for (gsize len = 0; len < strlen (text); len++)
    {
      g_autoptr (UpnpSsdpMessage) cut = decode (text, len, NULL);

      if (cut != NULL && cut->location != NULL)
        g_assert_true (g_utf8_validate (cut->location, -1, NULL));
    }
}

static void
test_answer_status_line (void)
{
  static const char *const good[] = { "HTTP/1.1  200 OK", "HTTP/1.1\t200\tOK", "HTTP/1.1 \t 200",
                                      "HTTP/1.1 200", "http/1.0 200 " };
  static const char *const bad[] = { "HTTP/1.1", "HTTP/1.1  404 Not Found", "HTTP/1.1  ",
                                     "HTTP/1.1200 OK" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *text = g_strconcat (good[i], "\r\nLOCATION: " URL "\r\n\r\n", NULL);
      g_autoptr (UpnpSsdpMessage) message = decode_good (text);

      g_assert_cmpint (message->kind, ==, UPNP_SSDP_ANSWER);
      g_assert_cmpstr (message->location, ==, URL);
    }

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strconcat (bad[i], "\r\nLOCATION: " URL "\r\n\r\n", NULL);

      assert_bad (text, strlen (text));
    }
}

static void
test_notify_folded (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("NOTIFY  * HTTP/1.1\r\nNTS:\r\n ssdp:alive\r\nNT:\r\n\t" IGD "\r\n"
                 "LOCATION:\r\n <" URL ">\r\n\r\n");

  g_assert_cmpint (message->kind, ==, UPNP_SSDP_ALIVE);
  g_assert_cmpint (message->class, ==, UPNP_SSDP_GATEWAY);
  g_assert_cmpstr (message->location, ==, URL);
}

static void
test_notify_alive (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("NOTIFY * HTTP/1.1 \r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive\r\n"
                 "NT: urn:schemas-upnp-org:service:WANIPConnection:1\r\n"
                 "LOCATION: http://192.0.2.1:1900/igd.xml\r\n\r\n");

  g_assert_cmpint (message->kind, ==, UPNP_SSDP_ALIVE);
  g_assert_cmpint (message->class, ==, UPNP_SSDP_GATEWAY);
  g_assert_cmpstr (message->location, ==, "http://192.0.2.1:1900/igd.xml");
}

static void
test_notify_byebye (void)
{
  g_autoptr (UpnpSsdpMessage) message =
    decode_good ("NOTIFY * HTTP/1.1\r\nNTS:ssdp:byebye\r\nNT:upnp:rootdevice\r\n\r\n");

  g_assert_cmpint (message->kind, ==, UPNP_SSDP_BYEBYE);
  g_assert_cmpint (message->class, ==, UPNP_SSDP_ROOT);
  g_assert_null (message->location);
}

static void
test_reject (void)
{
  static const char *const bad[] = {
    "",
    "\r\n\r\n",
    "HTTP/1.1",
    "HTTP/1.1 404 Not Found\r\n\r\n",
    "200 OK",
    "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n",
    "NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\n\r\n",
    "NOTIFY * HTTP/1.1\r\nNTS: ssdp:other\r\n\r\n",
    "\xff\xfe\xfd",
    "<html>",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_bad (bad[i], strlen (bad[i]));
}

static void
test_every_truncation (void)
{
  static const char text[] = "HTTP/1.1 200 OK\r\nST: " IGD "\r\n"
                             "LOCATION: http://192.0.2.1:5000/d.xml\r\nBOOTID.UPNP.ORG: 1\r\n\r\n";
  static const char whole[] = "http://192.0.2.1:5000/d.xml";

  for (gsize len = 0; len < sizeof text; len++)
    {
      g_autoptr (UpnpSsdpMessage) message = decode (text, len, NULL);

      if (message != NULL && message->location != NULL)
        g_assert_true (g_str_has_prefix (whole, message->location));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/upnp/ssdp/search-bytes", test_search_bytes);
  g_test_add_func ("/upnp/ssdp/search-targets", test_search_targets);
  g_test_add_func ("/upnp/ssdp/search-targets-ipv6", test_search_targets_ipv6);
  g_test_add_func ("/upnp/ssdp/answer-firewall", test_answer_firewall);
  g_test_add_func ("/upnp/ssdp/answer-plain", test_answer_plain);
  g_test_add_func ("/upnp/ssdp/answer-odd-lines", test_answer_odd_lines);
  g_test_add_func ("/upnp/ssdp/answer-cut-in-usn", test_answer_cut_in_usn);
  g_test_add_func ("/upnp/ssdp/answer-other-target-than-searched",
                   test_answer_other_target_than_searched);
  g_test_add_func ("/upnp/ssdp/answer-of-another-device", test_answer_of_another_device);
  g_test_add_func ("/upnp/ssdp/answer-named-by-usn", test_answer_named_by_usn);
  g_test_add_func ("/upnp/ssdp/answer-bad-utf8", test_answer_bad_utf8);
  g_test_add_func ("/upnp/ssdp/answer-with-nul", test_answer_with_nul);
  g_test_add_func ("/upnp/ssdp/answer-status-line", test_answer_status_line);
  for (gsize i = 0; i < G_N_ELEMENTS (locations); i++)
    {
      g_autofree char *path = g_strconcat ("/upnp/ssdp/location/", locations[i].name, NULL);

      g_test_add_data_func (path, &locations[i], test_location);
    }
  g_test_add_func ("/upnp/ssdp/notify-folded", test_notify_folded);
  g_test_add_func ("/upnp/ssdp/notify-alive", test_notify_alive);
  g_test_add_func ("/upnp/ssdp/notify-byebye", test_notify_byebye);
  g_test_add_func ("/upnp/ssdp/reject", test_reject);
  g_test_add_func ("/upnp/ssdp/every-truncation", test_every_truncation);

  return g_test_run ();
}
