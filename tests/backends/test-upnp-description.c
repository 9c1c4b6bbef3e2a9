/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "igd-description.h"
#include "igd-xml.h"

#include <string.h>

#define IP1 "urn:schemas-upnp-org:service:WANIPConnection:1"
#define IP2 "urn:schemas-upnp-org:service:WANIPConnection:2"
#define PPP "urn:schemas-upnp-org:service:WANPPPConnection:1"
#define FIREWALL "urn:schemas-upnp-org:service:WANIPv6FirewallControl:"
#define DSL "urn:dslforum-org:service:WANPPPConnection:1"

#define SERVICE(type, control)                                                                     \
  "<service><serviceType>" type "</serviceType><controlURL>" control "</controlURL></service>"
#define DEVICE(inside)                                                                             \
  "<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device>"                \
  "<manufacturer>Maker</manufacturer><modelName>Model 1</modelName>"                               \
  "<friendlyName>The box</friendlyName>" inside "</device></root>"

static UpnpDescription *
decode_at (const char *where, const char *text, gsize len)
{
  g_autoptr (UpnpUrl) location = upnp_url_parse (where, NULL);
  g_autofree char *block = g_memdup2 (text, len);

  return upnp_description_decode (location, len > 0 ? block : "", len, NULL);
}

static UpnpDescription *
decode (const char *text)
{
  return decode_at ("http://192.0.2.1:5000/dir/d.xml", text, strlen (text));
}

/* “type port target” of the services, best first, one per line. */
static char *
summarise (const UpnpDescription *description)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < description->services->len; i++)
    {
      const UpnpService *service = g_ptr_array_index (description->services, i);

      g_string_append_printf (out, "%s%s %u %s", i > 0 ? "\n" : "", service->type, service->port,
                              service->target);
    }

  return g_string_free (out, FALSE);
}

static void
assert_services (const char *text, const char *want)
{
  g_autoptr (UpnpDescription) description = decode (text);
  g_autofree char *got = NULL;

  g_assert_nonnull (description);
  got = summarise (description);
  g_assert_cmpstr (got, ==, want);
}

static void
test_labels (void)
{
  g_autoptr (UpnpDescription) description = decode (DEVICE (SERVICE (IP1, "/ctl")));

  g_assert_cmpstr (description->manufacturer, ==, "Maker");
  g_assert_cmpstr (description->model, ==, "Model 1");
  g_assert_cmpstr (description->friendly_name, ==, "The box");
  g_assert_true (description->whole);
}

static void
test_model_version (void)
{
  g_autoptr (UpnpDescription) description = decode (DEVICE ("<modelNumber> 7.57 </modelNumber>"));
  g_autoptr (UpnpDescription) without = decode (DEVICE (""));

  g_assert_cmpstr (description->model_version, ==, "7.57");
  g_assert_null (without->model_version);
}

static void
assert_presentation (const char *inside, const char *address, const char *want)
{
  g_autofree char *text = g_strdup_printf (DEVICE ("%s"), inside);
  g_autoptr (UpnpDescription) description = decode (text);
  g_autoptr (GInetAddress) device = g_inet_address_new_from_string (address);
  g_autofree char *url = upnp_description_make_presentation_url (description, device);

  g_test_message ("%s", inside);
  g_assert_cmpstr (url, ==, want);
}

/* The document is at http://192.0.2.1:5000/dir/d.xml. */
static void
test_presentation (void)
{
  static const struct
  {
    const char *reference;
    const char *want; /* of the device at 192.0.2.1 */
  } cases[] = {
    { "http://192.0.2.1/", "http://192.0.2.1/" },
    { "http://192.0.2.1", "http://192.0.2.1/" },
    { "  http://192.0.2.1/a?b=1\n", "http://192.0.2.1/a?b=1" },
    { "https://192.0.2.1:8443/admin", "https://192.0.2.1:8443/admin" },
    { "/", "http://192.0.2.1:5000/" },
    { "index.html", "http://192.0.2.1:5000/dir/index.html" },
    { "../start", "http://192.0.2.1:5000/start" },
    { "//192.0.2.1/", "http://192.0.2.1/" },
    /* A name is not looked up. */
    { "http://fritz.box", "http://192.0.2.1/" },
    { "http://fritz.box:8080/x?y#z", "http://192.0.2.1:8080/" },
    /* Another host. */
    { "http://198.51.100.7/", NULL },
    { "http://[2001:db8::7]/", NULL },
    { "http://user@192.0.2.1/", NULL },
    { "http://user:secret@fritz.box/", NULL },
    { "", NULL },
    { "   ", NULL },
    { "http://", NULL },
    { "http://192.0.2.1:99999/", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *inside =
        g_strdup_printf ("<presentationURL>%s</presentationURL>", cases[i].reference);

      assert_presentation (inside, "192.0.2.1", cases[i].want);
    }
  assert_presentation ("", "192.0.2.1", NULL);
}

/* The device is where its answer came from, whatever host LOCATION names. */
static void
test_presentation_address (void)
{
  assert_presentation ("<presentationURL>http://192.0.2.1/a</presentationURL>", "192.0.2.9",
                       "http://192.0.2.9/a");
  assert_presentation ("<presentationURL>http://192.0.2.9/a</presentationURL>", "192.0.2.9",
                       "http://192.0.2.9/a");
  assert_presentation ("<presentationURL>/a</presentationURL>", "2001:db8::1",
                       "http://[2001:db8::1]:5000/a");
  /* A browser cannot use it: the URL has no zone. */
  assert_presentation ("<presentationURL>/a</presentationURL>", "fe80::1", NULL);
}

static void
test_services_anywhere (void)
{
  assert_services (DEVICE ("<serviceList>" SERVICE (
                     "urn:schemas-upnp-org:service:Layer3Forwarding:1",
                     "/l3") "</"
                            "serviceList><deviceList><device><deviceList><device><"
                            "serviceList>" SERVICE (IP1,
                                                    "/ctl/ip") "</serviceList></device></"
                                                               "deviceList></device></deviceList>"),
                   IP1 " 5000 /ctl/ip");
}

static void
test_services_best_first (void)
{
  assert_services (DEVICE (SERVICE (DSL, "/tr") SERVICE (PPP, "/ppp") SERVICE (IP1, "/one")
                             SERVICE (IP1, "/two") SERVICE (IP2, "/v2")),
                   IP2 " 5000 /v2\n" IP1 " 5000 /one\n" IP1 " 5000 /two\n" PPP " 5000 /ppp\n" DSL
                       " 5000 /tr");
}

/* A service that opens pinholes is not among those that map ports. */
static void
test_firewalls (void)
{
  g_autoptr (UpnpDescription) description =
    decode (DEVICE (SERVICE (IP2, "/v2") SERVICE (FIREWALL "1", "/fw") SERVICE (FIREWALL "1", "/fw")
                      SERVICE (FIREWALL "2", "/fw2") SERVICE (FIREWALL, "/x")));
  const UpnpService *service;

  g_assert_cmpuint (description->services->len, ==, 1);
  g_assert_cmpuint (description->firewalls->len, ==, 2);
  service = g_ptr_array_index (description->firewalls, 0);
  g_assert_cmpstr (service->type, ==, FIREWALL "1");
  g_assert_cmpstr (service->target, ==, "/fw");
  g_assert_cmpuint (service->port, ==, 5000);
}

static void
test_services_twice (void)
{
  assert_services (DEVICE (SERVICE (IP1, "/ctl") SERVICE (IP1, "/ctl")), IP1 " 5000 /ctl");
}

static void
test_services_none (void)
{
  assert_services (DEVICE (
                     SERVICE ("urn:schemas-wifialliance-org:service:WFAWLANConfig:1", "/w")
                       SERVICE (IP1, "") "<service/>" SERVICE (
                         "urn:schemas-upnp-org:service:WANIPConnection:", "/x")
                         SERVICE ("urn:schemas-upnp-org:service:WANIPConnection:1&#13;x", "/x")),
                   "");
}

static void
test_service_later_version (void)
{
  g_autoptr (UpnpService) service =
    upnp_service_new ("urn:schemas-upnp-org:service:WANIPConnection:3", 80, "/");

  g_assert_true (upnp_service_is_v2 (service));
  g_assert_cmpuint (service->version, ==, 3);
}

static void
test_url_base (void)
{
  assert_services ("<root><URLBase>http://192.0.2.1:8080/base/</URLBase><device>" SERVICE (
                     IP1, "ctl") "</device></root>",
                   IP1 " 8080 /base/ctl");
}

static void
test_url_base_of_another_host (void)
{
  assert_services ("<root><URLBase>http://127.0.0.1:8080/base/</URLBase><device>" SERVICE (
                     IP1, "ctl") "</device></root>",
                   IP1 " 5000 /dir/ctl");
}

static void
test_url_base_empty (void)
{
  assert_services ("<root><URLBase></URLBase><device>" SERVICE (IP1, "/ctl") "</device></root>",
                   IP1 " 5000 /ctl");
}

typedef struct
{
  const char *reference;
  guint port; /* 0: the URL is rejected */
  const char *target;
} UrlCase;

static void
test_urls (void)
{
  static const UrlCase cases[] = {
    { "/ctl/IPConn", 5000, "/ctl/IPConn" },
    { "ctl/IPConn", 5000, "/dir/ctl/IPConn" },
    { "http://192.0.2.1:4444/wipconn", 4444, "/wipconn" },
    { "HTTP://10.9.8.7:80/upnp/control?WANIPConnection", 80, "/upnp/control?WANIPConnection" },
    { "http://192.0.2.1", 80, "/" },
    { "http://192.0.2.1:0/x", 80, "/x" },
    { "http://192.0.2.1?x", 80, "/?x" },
    { "http://[fe80::1]:80/x", 80, "/x" },
    { "//192.0.2.9:81/x", 81, "/x" },
    { "/soap.cgi?service=WANIPConn1", 5000, "/soap.cgi?service=WANIPConn1" },
    { "?control=1", 5000, "/dir/d.xml?control=1" },
    { "uuid:0000/WANIPConnection:1", 5000, "/dir/uuid:0000/WANIPConnection:1" },
    { "/uuid:0000/WANIPConnection:1", 5000, "/uuid:0000/WANIPConnection:1" },
    { "../up", 5000, "/up" },
    { "../../../up", 5000, "/up" },
    { "./a/./b/../c", 5000, "/dir/a/c" },
    { "..", 5000, "/" },
    { " /blank\t", 5000, "/blank" },
    { "/two words\r\nX: y", 5000, "/two%20words%0D%0AX:%20y" },
    { "/x#part", 5000, "/x" },
    { "/\xc3\xa9", 5000, "/%C3%A9" },
    { "https://192.0.2.1/x", 0, NULL },
    { "ftp://192.0.2.1/x", 0, NULL },
    { "http://user@192.0.2.1/x", 0, NULL },
    { "http://192.0.2.1:99999/x", 0, NULL },
    { "http://192.0.2.1:8x/x", 0, NULL },
    { "http:///x", 0, NULL },
    { "http://[fe80::1/x", 0, NULL },
  };
  g_autoptr (UpnpUrl) base = upnp_url_parse ("http://192.0.2.1:5000/dir/d.xml", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (UpnpUrl) url = upnp_url_resolve (base, cases[i].reference, &error);

      g_test_message ("%s", cases[i].reference);
      if (cases[i].port == 0)
        {
          g_assert_null (url);
          g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (url->port, ==, cases[i].port);
      g_assert_cmpstr (url->target, ==, cases[i].target);
    }
}

static void
test_url_too_long (void)
{
  g_autofree char *path = g_strnfill (5000, 'x');
  g_autofree char *text = g_strconcat ("http://192.0.2.1/", path, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (upnp_url_parse (text, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

/* -- XML as routers write it (quirk 37) -- */

static void
test_xml_blanks_first (void)
{
  assert_services ("\r\n  " DEVICE (SERVICE (IP1, "/ctl")), IP1 " 5000 /ctl");
}

static void
test_xml_byte_order_mark (void)
{
  assert_services ("\xef\xbb\xbf" DEVICE (SERVICE (IP1, "/ctl")), IP1 " 5000 /ctl");
}

static void
test_xml_prefixes (void)
{
  assert_services ("<d:root xmlns:d=\"x\"><d:device><d:service><d:serviceType>" IP1
                   "</d:serviceType><d:controlURL>/ctl</d:controlURL></d:service></d:device>"
                   "</d:root>",
                   IP1 " 5000 /ctl");
}

static void
test_xml_case (void)
{
  assert_services ("<ROOT><Device><SERVICE><servicetype>" IP1 "</serviceType>"
                   "<ControlUrl>/ctl</controlURL></Service></Device></root>",
                   IP1 " 5000 /ctl");
}

static void
test_xml_attributes (void)
{
  assert_services (
    "<root xmlns=a xmlns='a' x=\"1>2\" xmlns='a'><device xmlns=\"&\" disabled>" SERVICE (
      IP1, "/ctl") "</device></root>",
    IP1 " 5000 /ctl");
}

static void
test_xml_cdata (void)
{
  assert_services (DEVICE (SERVICE (IP1, "<![CDATA[/ctl?a=1&b=<2>]]>")),
                   IP1 " 5000 /ctl?a=1&b=<2>");
}

static void
test_xml_ampersands (void)
{
  assert_services (DEVICE (SERVICE (IP1, "/ctl?a=1&b=2&amp;c&#61;3&nbsp;&#0;&#xD800;&")),
                   IP1 " 5000 /ctl?a=1&b=2&c=3&nbsp;&");
}

/* A '<' that starts no tag is text; the rest of the document is not lost. */
static void
test_xml_stray (void)
{
  static const struct
  {
    const char *text;
    const char *shown;
  } rows[] = {
    { "A < B", "A < B" },     { "I <3 you", "I <3 you" },
    { "x </3 y", "x </3 y" }, { "<", "<" },
    { "a <", "a <" },         { "<<<", "<<<" },
    { "<1a>", "<1a>" },       { "<1a>b</1a>", "<1a>b</1a>" },
    { "A <B", "A <B" },       { "A <B \"C\"", "A <B C" },
    { "a <- b", "a <- b" },   { "a <= b", "a <= b" },
    { "<:>", "<:>" },         { "a <! b", "a <! b" },
    { "a <? b", "a <? b" },   { "<\"x\">", "<x>" },
    { "</", "</" },           { "a<x:1>", "a<x:1>" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
        g_strdup_printf ("<root><device><friendlyName>%s</friendlyName><modelName>M</modelName>"
                         "<serviceList>%s</serviceList></device></root>",
                         rows[i].text, SERVICE (IP1, "/ctl"));
      g_autoptr (UpnpDescription) description = decode (text);

      g_test_message ("%s", rows[i].text);
      g_assert_cmpstr (description->friendly_name, ==, rows[i].shown);
      g_assert_cmpstr (description->model, ==, "M");
      g_assert_true (description->whole);
      assert_services (text, IP1 " 5000 /ctl");
    }
}

/* Names with characters that the parser refuses. */
static void
test_xml_bad_names (void)
{
  static const char *const extras[] = {
    "<X_1$/>",        "<X@y>1</X@y>", "<a,b c='d'/>",
    "<n:X$>1</n:X$>", "<é/>",         "<a\xe2\x82\xac>1</a\xe2\x82\xac>",
    "< /><",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (extras); i++)
    {
      g_autofree char *text = g_strdup_printf ("<root>%s<device>%s<modelName>M</modelName>"
                                               "<serviceList>%s</serviceList></device></root>",
                                               extras[i], extras[i], SERVICE (IP1, "/ctl"));
      g_autoptr (UpnpDescription) description = decode (text);

      g_test_message ("%s", extras[i]);
      g_assert_cmpstr (description->model, ==, "M");
      g_assert_true (description->whole);
      assert_services (text, IP1 " 5000 /ctl");
    }
}

/* Before the document, there is no element for such text. */
static void
test_xml_stray_first (void)
{
  assert_services ("< 3 <3 </3" DEVICE (SERVICE (IP1, "/ctl")), IP1 " 5000 /ctl");
}

static void
test_xml_latin (void)
{
  static const char text[] = "<?xml version='1.0' encoding='ISO-8859-1'?><root><device>"
                             "<modelName>T\xe9l\xe9</modelName></device></root>";
  g_autoptr (UpnpDescription) description = decode (text);

  g_assert_cmpstr (description->model, ==, "Télé");
}

static void
test_xml_bad_utf8 (void)
{
  g_autoptr (UpnpDescription) description =
    decode ("<root><device><modelName>T\xff</modelName></device></root>");

  g_assert_cmpstr (description->model, ==, "T\xef\xbf\xbd");
}

static void
test_xml_nul_padding (void)
{
  static const char text[] = DEVICE (SERVICE (IP1, "/ctl")) "\0\0\0\0";
  g_autoptr (UpnpDescription) description = decode_at ("http://192.0.2.1:5000/", text, sizeof text);

  g_assert_cmpuint (description->services->len, ==, 1);
  g_assert_true (description->whole);
}

static void
test_xml_no_entities_of_its_own (void)
{
  assert_services ("<!DOCTYPE root [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>"
                   "<root><device>" SERVICE (IP1, "/&b;") "</device></root>",
                   IP1 " 5000 /&b;");
}

static void
test_xml_comments (void)
{
  assert_services (DEVICE ("<!-- <service> & -- -->" SERVICE (IP1, "/ctl")), IP1 " 5000 /ctl");
}

static void
test_xml_cut_off_after_a_service (void)
{
  g_autoptr (UpnpDescription) description =
    decode ("<root><device><serviceList>" SERVICE (IP1, "/ctl") "<service><serviceType>" PPP
                                                                "</serviceType><controlURL>/pp");

  g_assert_false (description->whole);
  g_assert_cmpuint (description->services->len, ==, 1);
}

static void
test_xml_fault_after_a_service (void)
{
  assert_services ("<root><device>" SERVICE (IP1, "/ctl") "</wrong></device></root>",
                   IP1 " 5000 /ctl");
}

static void
test_xml_too_deep (void)
{
  GString *text = g_string_new ("<root>" SERVICE (IP1, "/ctl"));
  g_autoptr (UpnpDescription) description = NULL;

  for (guint i = 0; i < 5000; i++)
    g_string_append (text, "<device>");
  description = decode (text->str);
  g_string_free (text, TRUE);

  g_assert_false (description->whole);
  g_assert_cmpuint (description->services->len, ==, 1);
}

static void
test_xml_too_many (void)
{
  GString *text = g_string_new ("<root>");
  g_autoptr (UpnpXmlNode) document = NULL;

  for (guint i = 0; i < UPNP_XML_MAX_ELEMENTS + 1000; i++)
    g_string_append (text, "<a/>");
  g_string_append (text, "</root>");
  document = upnp_xml_parse (text->str, text->len, NULL);
  g_string_free (text, TRUE);

  g_assert_false (document->closed);
  g_assert_cmpuint (upnp_xml_find (document, "root")->children->len, <, UPNP_XML_MAX_ELEMENTS);
}

static void
test_xml_no_document (void)
{
  static const char *const bad[] = { "", "hello", "\xff\xfe", "<", "<>", "<!DOCTYPE", "<?xml" };
  g_autoptr (UpnpUrl) location = upnp_url_parse ("http://192.0.2.1/", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (upnp_description_decode (location, bad[i], strlen (bad[i]), &error));
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
    }
}

/* Wherever the document ends, each service is complete. */
static void
test_every_truncation (void)
{
  static const char text[] = DEVICE (
    SERVICE (IP2,
             "http://192.0.2.1:49152/ctl?a=&amp;b") "<!-- x --><![CDATA[y]]>" SERVICE (PPP,
                                                                                       "/ppp"));

  for (gsize len = 0; len < sizeof text; len++)
    {
      g_autoptr (UpnpDescription) description = decode_at ("http://192.0.2.1:5000/", text, len);
      g_autofree char *got = description != NULL ? summarise (description) : g_strdup ("");

      g_assert_true (g_str_has_prefix (IP2 " 49152 /ctl?a=&b\n" PPP " 5000 /ppp", got));
      g_assert_true (*got == '\0' || g_str_has_suffix (got, "=&b") ||
                     g_str_has_suffix (got, "/ppp"));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/upnp/description/labels", test_labels);
  g_test_add_func ("/upnp/description/model-version", test_model_version);
  g_test_add_func ("/upnp/description/presentation", test_presentation);
  g_test_add_func ("/upnp/description/presentation-address", test_presentation_address);
  g_test_add_func ("/upnp/description/services-anywhere", test_services_anywhere);
  g_test_add_func ("/upnp/description/services-best-first", test_services_best_first);
  g_test_add_func ("/upnp/description/services-twice", test_services_twice);
  g_test_add_func ("/upnp/description/firewalls", test_firewalls);
  g_test_add_func ("/upnp/description/services-none", test_services_none);
  g_test_add_func ("/upnp/description/service-later-version", test_service_later_version);
  g_test_add_func ("/upnp/description/url-base", test_url_base);
  g_test_add_func ("/upnp/description/url-base-of-another-host", test_url_base_of_another_host);
  g_test_add_func ("/upnp/description/url-base-empty", test_url_base_empty);
  g_test_add_func ("/upnp/description/urls", test_urls);
  g_test_add_func ("/upnp/description/url-too-long", test_url_too_long);
  g_test_add_func ("/upnp/description/every-truncation", test_every_truncation);
  g_test_add_func ("/upnp/xml/blanks-first", test_xml_blanks_first);
  g_test_add_func ("/upnp/xml/byte-order-mark", test_xml_byte_order_mark);
  g_test_add_func ("/upnp/xml/prefixes", test_xml_prefixes);
  g_test_add_func ("/upnp/xml/case", test_xml_case);
  g_test_add_func ("/upnp/xml/attributes", test_xml_attributes);
  g_test_add_func ("/upnp/xml/cdata", test_xml_cdata);
  g_test_add_func ("/upnp/xml/ampersands", test_xml_ampersands);
  g_test_add_func ("/upnp/xml/stray", test_xml_stray);
  g_test_add_func ("/upnp/xml/stray-first", test_xml_stray_first);
  g_test_add_func ("/upnp/xml/bad-names", test_xml_bad_names);
  g_test_add_func ("/upnp/xml/latin", test_xml_latin);
  g_test_add_func ("/upnp/xml/bad-utf8", test_xml_bad_utf8);
  g_test_add_func ("/upnp/xml/nul-padding", test_xml_nul_padding);
  g_test_add_func ("/upnp/xml/no-entities-of-its-own", test_xml_no_entities_of_its_own);
  g_test_add_func ("/upnp/xml/comments", test_xml_comments);
  g_test_add_func ("/upnp/xml/cut-off-after-a-service", test_xml_cut_off_after_a_service);
  g_test_add_func ("/upnp/xml/fault-after-a-service", test_xml_fault_after_a_service);
  g_test_add_func ("/upnp/xml/too-deep", test_xml_too_deep);
  g_test_add_func ("/upnp/xml/too-many", test_xml_too_many);
  g_test_add_func ("/upnp/xml/no-document", test_xml_no_document);

  return g_test_run ();
}
