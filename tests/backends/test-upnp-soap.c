/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soap-codec.h"

#include <string.h>

#define IP1 "urn:schemas-upnp-org:service:WANIPConnection:1"
#define HEAD                                                                                       \
  "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "      \
  "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>"
#define TAIL "</s:Body></s:Envelope>"
#define ANSWER(action, inside)                                                                     \
  HEAD "<u:" action "Response xmlns:u=\"" IP1 "\">" inside "</u:" action "Response>" TAIL
#define FAULT(inside)                                                                              \
  HEAD "<s:Fault><faultcode>s:Client</faultcode><detail><UPnPError>" inside                        \
       "</UPnPError></detail></s:Fault>" TAIL

static UpnpSoapReply *
decode (UpnpAction action, guint status, const char *text, gsize len)
{
  g_autofree char *block = g_memdup2 (text, len);

  return upnp_soap_decode (action, status, len > 0 ? block : "", len);
}

static UpnpSoapReply *
decode_text (UpnpAction action, guint status, const char *text)
{
  return decode (action, status, text, strlen (text));
}

/* -- Requests -- */

static void
assert_request (const UpnpSoapRequest *request, const char *inside)
{
  g_autofree char *got = upnp_soap_encode (request, IP1, "192.0.2.10");
  const char *name = upnp_action_get_name (request->action);
  g_autofree char *want =
    g_strdup_printf (HEAD "<u:%s xmlns:u=\"" IP1 "\">%s</u:%s>" TAIL, name, inside, name);

  g_assert_cmpstr (got, ==, want);
}

static void
test_request_plain (void)
{
  UpnpSoapRequest request = { .action = UPNP_ACTION_GET_STATUS };

  assert_request (&request, "");
  request.action = UPNP_ACTION_GET_ADDRESS;
  assert_request (&request, "");
}

static void
test_request_add (void)
{
  UpnpSoapRequest request = {
    .action = UPNP_ACTION_ADD,
    .protocol = PLUM_PROTOCOL_UDP,
    .external_port = 8001,
    .internal_port = 8000,
    .lease = 7200,
    .description = "a < b & c",
  };
  static const char want[] = "<NewRemoteHost></NewRemoteHost>"
                             "<NewExternalPort>8001</NewExternalPort>"
                             "<NewProtocol>UDP</NewProtocol>"
                             "<NewInternalPort>8000</NewInternalPort>"
                             "<NewInternalClient>192.0.2.10</NewInternalClient>"
                             "<NewEnabled>1</NewEnabled>"
                             "<NewPortMappingDescription>a &lt; b &amp; c"
                             "</NewPortMappingDescription>"
                             "<NewLeaseDuration>7200</NewLeaseDuration>";

  assert_request (&request, want);
  request.action = UPNP_ACTION_ADD_ANY;
  assert_request (&request, want);
}

static void
test_request_delete (void)
{
  UpnpSoapRequest request = {
    .action = UPNP_ACTION_DELETE,
    .protocol = PLUM_PROTOCOL_TCP,
    .external_port = 80,
    .remote_host = "*",
  };

  assert_request (&request, "<NewRemoteHost>*</NewRemoteHost><NewExternalPort>80</NewExternalPort>"
                            "<NewProtocol>TCP</NewProtocol>");
  request.action = UPNP_ACTION_GET_SPECIFIC;
  request.remote_host = NULL;
  assert_request (&request, "<NewRemoteHost></NewRemoteHost><NewExternalPort>80</NewExternalPort>"
                            "<NewProtocol>TCP</NewProtocol>");
}

static void
test_request_table (void)
{
  UpnpSoapRequest request = { .action = UPNP_ACTION_GET_GENERIC, .index = 7 };

  assert_request (&request, "<NewPortMappingIndex>7</NewPortMappingIndex>");
  request.action = UPNP_ACTION_GET_LIST;
  assert_request (&request, "<NewStartPort>1</NewStartPort><NewEndPort>65535</NewEndPort>"
                            "<NewProtocol>TCP</NewProtocol><NewManage>1</NewManage>"
                            "<NewNumberOfPorts>0</NewNumberOfPorts>");
}

/* Only the lease of an update has “New” in its name, and the protocol is a number. */
static void
test_request_pinhole (void)
{
  UpnpSoapRequest request = {
    .action = UPNP_ACTION_ADD_PINHOLE,
    .protocol = PLUM_PROTOCOL_UDP,
    .internal_port = 8000,
    .lease = 7200,
    .unique_id = 42,
  };

  assert_request (&request, "<RemoteHost></RemoteHost><RemotePort>0</RemotePort>"
                            "<InternalClient>192.0.2.10</InternalClient>"
                            "<InternalPort>8000</InternalPort><Protocol>17</Protocol>"
                            "<LeaseTime>7200</LeaseTime>");
  request.protocol = PLUM_PROTOCOL_TCP;
  assert_request (&request, "<RemoteHost></RemoteHost><RemotePort>0</RemotePort>"
                            "<InternalClient>192.0.2.10</InternalClient>"
                            "<InternalPort>8000</InternalPort><Protocol>6</Protocol>"
                            "<LeaseTime>7200</LeaseTime>");
  request.action = UPNP_ACTION_UPDATE_PINHOLE;
  assert_request (&request, "<UniqueID>42</UniqueID><NewLeaseTime>7200</NewLeaseTime>");
  request.action = UPNP_ACTION_DELETE_PINHOLE;
  assert_request (&request, "<UniqueID>42</UniqueID>");
  request.action = UPNP_ACTION_GET_FIREWALL;
  assert_request (&request, "");
}

static void
test_plain_description (void)
{
  static const struct
  {
    const char *text;
    const char *want;
  } cases[] = {
    { "Game TCP 8080", "Game TCP 8080" },
    { " a<b>&\"c\" ", "abc" },
    { "Spiel \xc3\xa4\n", "Spiel" },
    { "", "plum-glib" },
    { "\xe2\x98\x83", "plum-glib" },
    { NULL, "plum-glib" },
    { "0123456789012345678901234567890123456789", "01234567890123456789012345678901" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *got = upnp_soap_plain_description (cases[i].text);

      g_assert_cmpstr (got, ==, cases[i].want);
    }
}

static void
test_shown (void)
{
  static const struct
  {
    const char *text;
    const char *want;
  } cases[] = {
    { "Spiel \xc3\xa4", "Spiel \xc3\xa4" },
    { " two\r\n\t lines ", "two lines" },
    { "\x1b[31mred\x07", "[31mred" },
    { "\xe2\x80\xaegnp.exe\xe2\x80\x8b", "gnp.exe" },
    { "“said” \"he\"", "said he" },
    { "bad \xff\xfe bytes", "bad \xef\xbf\xbd\xef\xbf\xbd bytes" },
    { "0123456789abcdef", "0123456789abcdef" },
    { "0123456789abcdefg", "0123456789abcdef…" },
    { "", "" },
    { NULL, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *got = upnp_soap_dup_shown (cases[i].text, 16);

      g_assert_cmpstr (got, ==, cases[i].want);
    }
}

/* -- Replies -- */

static void
test_reply_done (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_GET_STATUS, 200,
                 ANSWER ("GetStatusInfo", "<NewConnectionStatus> Connected </NewConnectionStatus>"
                                          "<NewUptime>0 Days, 01:00:00</NewUptime>"));

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_DONE);
  g_assert_cmpint (upnp_soap_read_status (reply), ==, PLUM_CONNECTION_STATUS_CONNECTED);
  g_assert_cmpuint (upnp_soap_read_uptime (reply), ==, 0);
}

static void
test_reply_done_self_closed (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_ADD, 500, HEAD "<m:addportmappingresponse xmlns:m='x'/>" TAIL);

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_DONE);
}

static void
test_reply_fault (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_ADD, 500,
                 FAULT ("<errorCode>718</errorCode>"
                        "<errorDescription>ConflictInMappingEntry</errorDescription>"));

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_FAULT);
  g_assert_cmpint (reply->code, ==, 718);
  g_assert_cmpstr (reply->message, ==, "ConflictInMappingEntry");
}

static void
test_reply_fault_with_200 (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_ADD, 200, FAULT ("<errorCode>725</errorCode>"));

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_FAULT);
  g_assert_cmpint (reply->code, ==, 725);
  g_assert_null (reply->message);
}

static void
test_reply_fault_negative (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_ADD, 500, FAULT ("<errorCode>-911</errorCode>"));

  g_assert_cmpint (reply->code, ==, -911);
}

static void
test_reply_fault_with_broken_description (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_ADD, 500,
                 HEAD "<s:Fault><detail><UPnPError><errorCode>401</errorCode>"
                      "<errorDescription>\xff\xfeInval</errorDesc\xff</UPnPError></detail>");

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_FAULT);
  g_assert_cmpint (reply->code, ==, 401);
}

static void
test_reply_no_answer (void)
{
  static const struct
  {
    guint status;
    const char *text;
    UpnpSoapOutcome outcome;
  } cases[] = {
    { 200, "", UPNP_SOAP_EMPTY },
    { 200, " \r\n", UPNP_SOAP_EMPTY },
    { 500, "", UPNP_SOAP_NO_ANSWER },
    { 404, "", UPNP_SOAP_NO_ANSWER },
    { 200, "<html><body>Please log in</body></html>", UPNP_SOAP_NO_ANSWER },
    { 200, "OK", UPNP_SOAP_NO_ANSWER },
    { 501, "<HTML>Not Implemented", UPNP_SOAP_NO_ANSWER },
    { 200, ANSWER ("GetStatusInfo", ""), UPNP_SOAP_NO_ANSWER },
    { 500, FAULT (""), UPNP_SOAP_NO_ANSWER },
    { 500, FAULT ("<errorCode>x</errorCode>"), UPNP_SOAP_NO_ANSWER },
    { 500, "<errorCode>71", UPNP_SOAP_NO_ANSWER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (UpnpSoapReply) reply =
        decode_text (UPNP_ACTION_ADD, cases[i].status, cases[i].text);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (reply->outcome, ==, cases[i].outcome);
    }
}

static void
test_reply_address (void)
{
  static const struct
  {
    const char *text;
    gboolean usable;
  } cases[] = {
    { "1.2.3.4", TRUE },    { " 1.2.3.4\n", TRUE },   { "192.168.1.2", TRUE },
    { "100.64.0.1", TRUE }, { "203.0.113.7", TRUE },  { "", FALSE },
    { "0.0.0.0", FALSE },   { "127.0.0.1", FALSE },   { "169.254.1.1", FALSE },
    { "224.0.0.1", FALSE }, { "240.0.0.1", FALSE },   { "255.255.255.255", FALSE },
    { "192.0.0.2", TRUE },  { "2001:db8::1", FALSE }, { "none", FALSE },
    { "1.2.3", FALSE },     { "999.1.1.1", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
        g_strdup_printf (ANSWER ("GetExternalIPAddress",
                                 "<NewExternalIPAddress>%s</NewExternalIPAddress>"),
                         cases[i].text);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_ADDRESS, 200, text);
      g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (address != NULL, ==, cases[i].usable);
    }
}

/* With leading zeros, which are decimal, and as an IPv4-mapped address. */
static void
test_reply_address_forms (void)
{
  static const struct
  {
    const char *text;
    const char *address;
  } cases[] = {
    { "001.002.003.004", "1.2.3.4" },
    { "010.064.099.100", "10.64.99.100" },
    { "::ffff:1.2.3.4", "1.2.3.4" },
    { "::FFFF:001.2.3.4", "1.2.3.4" },
    { "::ffff:0.0.0.0", NULL },
    { "000.000.000.000", NULL },
    { "0001.2.3.4", NULL },
    { "1.2.3.4.5", NULL },
    { "1.2.3.", NULL },
    { "1.2.3.256", NULL },
    { "1.2.3.-4", NULL },
    { "0x1.2.3.4", NULL },
    { "1. 2.3.4", NULL },
    { "::ffff:1:2", NULL },
    { "::1.2.3.4", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
        g_strdup_printf (ANSWER ("GetExternalIPAddress",
                                 "<NewExternalIPAddress>%s</NewExternalIPAddress>"),
                         cases[i].text);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_ADDRESS, 200, text);
      g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);
      g_autofree char *shown = address != NULL ? g_inet_address_to_string (address) : NULL;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpstr (shown, ==, cases[i].address);
    }
}

static void
test_reply_status (void)
{
  static const struct
  {
    const char *text;
    PlumConnectionStatus status;
  } cases[] = {
    { "Connected", PLUM_CONNECTION_STATUS_CONNECTED },
    { "Up", PLUM_CONNECTION_STATUS_CONNECTED },
    { "CONNECTED", PLUM_CONNECTION_STATUS_CONNECTED },
    { "Disconnected", PLUM_CONNECTION_STATUS_DISCONNECTED },
    { "Unconfigured", PLUM_CONNECTION_STATUS_DISCONNECTED },
    { "Connecting", PLUM_CONNECTION_STATUS_CONNECTING },
    { "PendingDisconnect", PLUM_CONNECTION_STATUS_CONNECTING },
    { "Connected!", PLUM_CONNECTION_STATUS_UNKNOWN },
    { "", PLUM_CONNECTION_STATUS_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
        g_strdup_printf (ANSWER ("GetStatusInfo", "<NewConnectionStatus>%s</NewConnectionStatus>"),
                         cases[i].text);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_STATUS, 200, text);

      g_assert_cmpint (upnp_soap_read_status (reply), ==, cases[i].status);
    }
}

static void
test_reply_uptime (void)
{
  static const struct
  {
    const char *text;
    guint uptime;
  } cases[] = {
    { "3600", 3600 },      { " 1 ", 1 }, { "4294967295", G_MAXUINT32 },
    { "4294967296", 0 },   { "-1", 0 },  { "0 Days, 01:00:00", 0 },
    { "3600 seconds", 0 }, { "", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
        g_strdup_printf (ANSWER ("GetStatusInfo", "<NewUptime>%s</NewUptime>"), cases[i].text);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_STATUS, 200, text);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpuint (upnp_soap_read_uptime (reply), ==, cases[i].uptime);
    }
}

static void
test_reply_reserved_port (void)
{
  static const struct
  {
    const char *text;
    guint port;
  } cases[] = {
    { "50000", 50000 }, { "0", 0 }, { "65536", 0 }, { "-1", 0 }, { "x", 0 }, { "", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
        g_strdup_printf (ANSWER ("AddAnyPortMapping", "<NewReservedPort>%s</NewReservedPort>"),
                         cases[i].text);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_ADD_ANY, 200, text);

      g_assert_cmpuint (upnp_soap_read_port (reply), ==, cases[i].port);
    }
}

static void
test_reply_firewall (void)
{
  static const struct
  {
    const char *inside;
    gboolean complete;
    gboolean enabled;
    gboolean allowed;
  } cases[] = {
    { "<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>1</InboundPinholeAllowed>", TRUE,
      TRUE, TRUE },
    { "<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>0</InboundPinholeAllowed>", TRUE,
      TRUE, FALSE },
    { "<FirewallEnabled>false</FirewallEnabled><InboundPinholeAllowed>True</InboundPinholeAllowed>",
      TRUE, FALSE, TRUE },
    { "<FirewallEnabled>yes</FirewallEnabled><InboundPinholeAllowed>no</InboundPinholeAllowed>",
      TRUE, TRUE, FALSE },
    { "<FirewallEnabled>1</FirewallEnabled>", FALSE, FALSE, FALSE },
    { "<InboundPinholeAllowed>1</InboundPinholeAllowed>", FALSE, FALSE, FALSE },
    { "<FirewallEnabled>2</FirewallEnabled><InboundPinholeAllowed>1</InboundPinholeAllowed>", FALSE,
      FALSE, FALSE },
    { "<FirewallEnabled/><InboundPinholeAllowed/>", FALSE, FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (ANSWER ("GetFirewallStatus", "%s"), cases[i].inside);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_FIREWALL, 200, text);
      gboolean enabled = -1, allowed = -1;

      g_test_message ("%s", cases[i].inside);
      g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_DONE);
      g_assert_cmpint (upnp_soap_read_firewall (reply, &enabled, &allowed), ==, cases[i].complete);
      g_assert_cmpint (enabled, ==, cases[i].complete ? cases[i].enabled : -1);
      g_assert_cmpint (allowed, ==, cases[i].complete ? cases[i].allowed : -1);
    }
}

static void
test_reply_unique_id (void)
{
  static const struct
  {
    const char *inside;
    int want;
  } cases[] = {
    { "<UniqueID>1</UniqueID>", 1 },
    { "<UniqueID>0</UniqueID>", 0 },
    { "<UniqueID>65535</UniqueID>", 65535 },
    { "<UniqueID>65536</UniqueID>", -1 },
    { "<UniqueID>-1</UniqueID>", -1 },
    { "<UniqueID>one</UniqueID>", -1 },
    { "<UniqueID/>", -1 },
    { "", -1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (ANSWER ("AddPinhole", "%s"), cases[i].inside);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_ADD_PINHOLE, 200, text);

      g_test_message ("%s", cases[i].inside);
      g_assert_cmpint (upnp_soap_read_unique_id (reply), ==, cases[i].want);
    }
}

/* The same number has another meaning in another service. */
static void
test_fault_names (void)
{
  g_assert_cmpstr (upnp_action_get_fault_name (UPNP_ACTION_ADD_PINHOLE, 606), ==,
                   "ActionNotAuthorized");
  g_assert_cmpstr (upnp_action_get_fault_name (UPNP_ACTION_ADD_PINHOLE, 701), ==,
                   "PinholeSpaceExhausted");
  g_assert_cmpstr (upnp_action_get_fault_name (UPNP_ACTION_UPDATE_PINHOLE, 704), ==, "NoSuchEntry");
  g_assert_cmpstr (upnp_action_get_fault_name (UPNP_ACTION_GET_FIREWALL, 709), ==, "NoPacketSent");
  g_assert_null (upnp_action_get_fault_name (UPNP_ACTION_ADD_PINHOLE, 700));
  g_assert_null (upnp_action_get_fault_name (UPNP_ACTION_ADD_PINHOLE, 710));
  g_assert_null (upnp_action_get_fault_name (UPNP_ACTION_ADD_PINHOLE, -911));
  g_assert_null (upnp_action_get_fault_name (UPNP_ACTION_ADD, 704));
  g_assert_null (upnp_action_get_fault_name (UPNP_ACTION_ADD, 606));
}

/* Some routers add an error 0 to the response. */
static void
test_reply_error_0 (void)
{
  g_autoptr (UpnpSoapReply) inside =
    decode_text (UPNP_ACTION_ADD, 200, ANSWER ("AddPortMapping", "<errorCode>0</errorCode>"));
  g_autoptr (UpnpSoapReply) alone =
    decode_text (UPNP_ACTION_ADD, 500,
                 HEAD "<s:Fault><errorCode>0</errorCode></s:Fault></s:Body></s:Envelope>");

  g_assert_cmpint (inside->outcome, ==, UPNP_SOAP_DONE);
  g_assert_cmpint (alone->outcome, ==, UPNP_SOAP_NO_ANSWER);
}

static void
test_reply_entry (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_GET_GENERIC, 200,
                 ANSWER ("GetGenericPortMappingEntry",
                         "<NewRemoteHost/><NewExternalPort>8001</NewExternalPort>"
                         "<NewProtocol>udp</NewProtocol><NewInternalPort>8000</NewInternalPort>"
                         "<NewInternalClient>192.0.2.10</NewInternalClient>"
                         "<NewEnabled>0</NewEnabled>"
                         "<NewPortMappingDescription>me &amp; you</NewPortMappingDescription>"
                         "<NewLeaseDuration>60</NewLeaseDuration>"));
  g_autoptr (UpnpTableEntry) entry = upnp_soap_read_entry (reply);

  g_assert_cmpint (entry->protocol, ==, PLUM_PROTOCOL_UDP);
  g_assert_cmpuint (entry->external_port, ==, 8001);
  g_assert_cmpuint (entry->internal_port, ==, 8000);
  g_assert_cmpstr (entry->internal_client, ==, "192.0.2.10");
  g_assert_cmpstr (entry->description, ==, "me & you");
  g_assert_cmpuint (entry->lease, ==, 60);
  g_assert_false (entry->enabled);
}

/* The answer is complete, but the router does not report every value. */
static void
test_reply_entry_without_values (void)
{
  static const struct
  {
    const char *inside;
    guint port;
    const char *client;
  } rows[] = {
    { "<NewInternalPort>80</NewInternalPort>", 80, "" },
    { "<NewInternalClient>192.0.2.1</NewInternalClient>", 0, "192.0.2.1" },
    { "<NewInternalPort>80-81</NewInternalPort><NewInternalClient>a</NewInternalClient>", 0, "a" },
    { "<NewPortMappingDescription>d</NewPortMappingDescription>", 0, "" },
    { "<NewInternalPort>0</NewInternalPort><NewInternalClient/>", 0, "" },
    { "", 0, NULL },
    { "<NewInternalPort>0</NewInternalPort>", 0, NULL },
    { "<NewInternalPort/><NewInternalClient/><NewPortMappingDescription/>", 0, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text =
        g_strconcat (HEAD "<u:GetSpecificPortMappingEntryResponse>", rows[i].inside,
                     "</u:GetSpecificPortMappingEntryResponse>" TAIL, NULL);
      g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_SPECIFIC, 200, text);
      g_autoptr (UpnpTableEntry) entry = upnp_soap_read_entry (reply);

      g_test_message ("%s", rows[i].inside);
      g_assert_true ((entry == NULL) == (rows[i].client == NULL));
      if (entry == NULL)
        continue;
      g_assert_cmpuint (entry->internal_port, ==, rows[i].port);
      g_assert_cmpstr (entry->internal_client, ==, rows[i].client);
    }
}

static void
test_reply_entry_incomplete (void)
{
  g_autoptr (UpnpSoapReply) reply =
    decode_text (UPNP_ACTION_GET_SPECIFIC, 200,
                 HEAD "<u:GetSpecificPortMappingEntryResponse><NewInternalPort>80</NewInternalPort>"
                      "<NewInternalClient>192.0.2.1");

  g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_DONE);
  g_assert_null (upnp_soap_read_entry (reply));
}

#define LISTED(port)                                                                               \
  "<p:PortMappingEntry><p:NewRemoteHost/><p:NewExternalPort>" port "</p:NewExternalPort>"          \
  "<p:NewProtocol>TCP</p:NewProtocol><p:NewInternalPort>80</p:NewInternalPort>"                    \
  "<p:NewInternalClient>192.0.2.3</p:NewInternalClient><p:NewEnabled>1</p:NewEnabled>"             \
  "<p:NewDescription>d</p:NewDescription><p:NewLeaseTime>9</p:NewLeaseTime></p:PortMappingEntry>"
#define LISTING                                                                                    \
  "<p:PortMappingList xmlns:p=\"x\">" LISTED ("81") LISTED ("82") "</p:PortMappingList>"

static void
assert_listing (const char *inside)
{
  g_autofree char *text =
    g_strdup_printf (ANSWER ("GetListOfPortMappings", "<NewPortListing>%s</NewPortListing>"),
                     inside);
  g_autoptr (UpnpSoapReply) reply = decode_text (UPNP_ACTION_GET_LIST, 200, text);
  g_autoptr (GPtrArray) entries = upnp_soap_read_list (reply);
  UpnpTableEntry *last;

  g_assert_cmpuint (entries->len, ==, 2);
  last = g_ptr_array_index (entries, 1);
  g_assert_cmpuint (last->external_port, ==, 82);
  g_assert_cmpuint (last->lease, ==, 9);
  g_assert_cmpstr (last->description, ==, "d");
}

static void
test_reply_list_escaped (void)
{
  g_autofree char *escaped = g_markup_escape_text (LISTING, -1);

  assert_listing (escaped);
}

static void
test_reply_list_cdata (void)
{
  assert_listing ("<![CDATA[" LISTING "]]>");
}

static void
test_reply_list_unescaped (void)
{
  assert_listing (LISTING);
}

static void
test_every_truncation (void)
{
  static const char text[] = FAULT ("<errorCode>718</errorCode>");

  for (gsize len = 0; len < sizeof text; len++)
    {
      g_autoptr (UpnpSoapReply) reply = decode (UPNP_ACTION_ADD, 500, text, len);

      if (reply->outcome == UPNP_SOAP_FAULT)
        g_assert_cmpint (reply->code, ==, 718);
      else
        g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_NO_ANSWER);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/upnp/soap/request-plain", test_request_plain);
  g_test_add_func ("/upnp/soap/request-add", test_request_add);
  g_test_add_func ("/upnp/soap/request-delete", test_request_delete);
  g_test_add_func ("/upnp/soap/request-table", test_request_table);
  g_test_add_func ("/upnp/soap/request-pinhole", test_request_pinhole);
  g_test_add_func ("/upnp/soap/plain-description", test_plain_description);
  g_test_add_func ("/upnp/soap/shown", test_shown);
  g_test_add_func ("/upnp/soap/reply-done", test_reply_done);
  g_test_add_func ("/upnp/soap/reply-done-self-closed", test_reply_done_self_closed);
  g_test_add_func ("/upnp/soap/reply-fault", test_reply_fault);
  g_test_add_func ("/upnp/soap/reply-fault-with-200", test_reply_fault_with_200);
  g_test_add_func ("/upnp/soap/reply-fault-negative", test_reply_fault_negative);
  g_test_add_func ("/upnp/soap/reply-fault-with-broken-description",
                   test_reply_fault_with_broken_description);
  g_test_add_func ("/upnp/soap/reply-no-answer", test_reply_no_answer);
  g_test_add_func ("/upnp/soap/reply-address", test_reply_address);
  g_test_add_func ("/upnp/soap/reply-address-forms", test_reply_address_forms);
  g_test_add_func ("/upnp/soap/reply-status", test_reply_status);
  g_test_add_func ("/upnp/soap/reply-uptime", test_reply_uptime);
  g_test_add_func ("/upnp/soap/reply-reserved-port", test_reply_reserved_port);
  g_test_add_func ("/upnp/soap/reply-firewall", test_reply_firewall);
  g_test_add_func ("/upnp/soap/reply-unique-id", test_reply_unique_id);
  g_test_add_func ("/upnp/soap/fault-names", test_fault_names);
  g_test_add_func ("/upnp/soap/reply-entry", test_reply_entry);
  g_test_add_func ("/upnp/soap/reply-error-0", test_reply_error_0);
  g_test_add_func ("/upnp/soap/reply-entry-without-values", test_reply_entry_without_values);
  g_test_add_func ("/upnp/soap/reply-entry-incomplete", test_reply_entry_incomplete);
  g_test_add_func ("/upnp/soap/reply-list-escaped", test_reply_list_escaped);
  g_test_add_func ("/upnp/soap/reply-list-cdata", test_reply_list_cdata);
  g_test_add_func ("/upnp/soap/reply-list-unescaped", test_reply_list_unescaped);
  g_test_add_func ("/upnp/soap/every-truncation", test_every_truncation);

  return g_test_run ();
}
