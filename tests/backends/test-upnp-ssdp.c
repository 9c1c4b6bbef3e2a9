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
  g_test_add_func ("/upnp/ssdp/notify-alive", test_notify_alive);
  g_test_add_func ("/upnp/ssdp/notify-byebye", test_notify_byebye);
  g_test_add_func ("/upnp/ssdp/reject", test_reject);
  g_test_add_func ("/upnp/ssdp/every-truncation", test_every_truncation);

  return g_test_run ();
}
