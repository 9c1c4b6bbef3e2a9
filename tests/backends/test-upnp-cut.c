/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "http-codec.h"
#include "soap-codec.h"

#include <string.h>

/* Answers that are cut or have a wrong end tag are read as far as they go, for every action: never
 * a wrong value, never another outcome than with the whole answer, except for “unknown”. */

#define ENVELOPE(name, arguments)                                                                  \
  "<?xml version=\"1.0\"?>\r\n<s:Envelope "                                                        \
  "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"                                 \
  "<u:" name "Response xmlns:u=\"urn:x\">" arguments "</u:" name "Response></s:Body></s:Envelope>"
#define KEY                                                                                        \
  "<NewRemoteHost></NewRemoteHost><NewExternalPort>62816</NewExternalPort>"                        \
  "<NewProtocol>UDP</NewProtocol>"
#define VALUE                                                                                      \
  "<NewInternalPort>51413</NewInternalPort>"                                                       \
  "<NewInternalClient>192.168.178.25</NewInternalClient><NewEnabled>1</NewEnabled>"                \
  "<NewPortMappingDescription>A &amp; B</NewPortMappingDescription>"                               \
  "<NewLeaseDuration>3600</NewLeaseDuration>"
#define LISTED                                                                                     \
  "&lt;p:PortMappingEntry&gt;&lt;p:NewExternalPort&gt;62816&lt;/p:NewExternalPort&gt;"             \
  "&lt;p:NewProtocol&gt;UDP&lt;/p:NewProtocol&gt;"                                                 \
  "&lt;p:NewInternalPort&gt;51413&lt;/p:NewInternalPort&gt;"                                       \
  "&lt;p:NewInternalClient&gt;192.168.178.25&lt;/p:NewInternalClient&gt;"                          \
  "&lt;p:NewLeaseTime&gt;3600&lt;/p:NewLeaseTime&gt;&lt;/p:PortMappingEntry&gt;"
#define LIST                                                                                       \
  "<NewPortListing>&lt;p:PortMappingList&gt;" LISTED LISTED                                        \
  "&lt;/p:PortMappingList&gt;</NewPortListing>"
#define FAULT                                                                                      \
  "<?xml version=\"1.0\"?><s:Envelope><s:Body><s:Fault><faultcode>s:Client</faultcode>"            \
  "<faultstring>UPnPError</faultstring><detail><UPnPError><errorCode>718</errorCode>"              \
  "<errorDescription>ConflictInMappingEntry</errorDescription></UPnPError></detail>"               \
  "</s:Fault></s:Body></s:Envelope>"

static const char *const answers[] = {
  [UPNP_ACTION_GET_STATUS] = ENVELOPE (
    "GetStatusInfo",
    "<NewConnectionStatus>Connected</NewConnectionStatus>"
    "<NewLastConnectionError>ERROR_NONE</NewLastConnectionError><NewUptime>1</NewUptime>"),
  [UPNP_ACTION_GET_ADDRESS] =
    ENVELOPE ("GetExternalIPAddress",
              "<NewExternalIPAddress>93.184.216.134</NewExternalIPAddress>"),
  [UPNP_ACTION_ADD] = ENVELOPE ("AddPortMapping", ""),
  [UPNP_ACTION_ADD_ANY] =
    ENVELOPE ("AddAnyPortMapping", "<NewReservedPort>62816</NewReservedPort>"),
  [UPNP_ACTION_DELETE] = ENVELOPE ("DeletePortMapping", ""),
  [UPNP_ACTION_GET_SPECIFIC] = ENVELOPE ("GetSpecificPortMappingEntry", VALUE),
  [UPNP_ACTION_GET_GENERIC] = ENVELOPE ("GetGenericPortMappingEntry", KEY VALUE),
  [UPNP_ACTION_GET_LIST] = ENVELOPE ("GetListOfPortMappings", LIST),
  [UPNP_ACTION_GET_FIREWALL] = ENVELOPE (
    "GetFirewallStatus",
    "<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>1</InboundPinholeAllowed>"),
  [UPNP_ACTION_ADD_PINHOLE] = ENVELOPE ("AddPinhole", "<UniqueID>62816</UniqueID>"),
  [UPNP_ACTION_UPDATE_PINHOLE] = ENVELOPE ("UpdatePinhole", ""),
  [UPNP_ACTION_DELETE_PINHOLE] = ENVELOPE ("DeletePinhole", ""),
};

static UpnpSoapReply *
decode (UpnpAction action, guint status, const char *text, gsize len)
{
  /* The end of the allocation is the end of the text, for the address sanitizer. */
  g_autofree char *copy = g_memdup2 (text, MAX (len, 1));

  return upnp_soap_decode (action, status, copy, len);
}

static void
assert_number (guint value, guint whole)
{
  g_assert_true (value == 0 || value == whole);
}

static void
assert_entry (const UpnpTableEntry *entry)
{
  assert_number (entry->external_port, 62816);
  assert_number (entry->internal_port, 51413);
  g_assert_true (entry->internal_client == NULL || *entry->internal_client == '\0' ||
                 g_str_equal (entry->internal_client, "192.168.178.25"));
  g_assert_true (entry->description == NULL || g_str_equal (entry->description, "A & B"));
  g_assert_true (entry->protocol_text == NULL || g_str_equal (entry->protocol_text, "UDP"));
  g_assert_true (entry->enabled);
  g_assert_cmpuint (entry->lease, ==, entry->lease_known ? 3600 : 0);
}

/* Every value is the one of the whole answer, or unknown. */
static void
assert_values (const UpnpSoapReply *reply)
{
  g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);
  g_autoptr (UpnpTableEntry) entry = upnp_soap_read_entry (reply);
  g_autoptr (UpnpTableEntry) any = upnp_soap_read_any_entry (reply);
  g_autoptr (GPtrArray) list = upnp_soap_read_list (reply);
  g_autofree char *text = address != NULL ? g_inet_address_to_string (address) : NULL;
  gboolean enabled = TRUE, allowed = TRUE;
  int id = upnp_soap_read_unique_id (reply);

  g_assert_true (text == NULL || g_str_equal (text, "93.184.216.134"));
  assert_number (upnp_soap_read_port (reply), 62816);
  g_assert_true (id == -1 || id == 62816);
  upnp_soap_read_firewall (reply, &enabled, &allowed);
  g_assert_true (enabled && allowed);
  if (entry != NULL)
    {
      assert_entry (entry);
      g_assert_cmpuint (entry->internal_port, ==, 51413);
      g_assert_cmpstr (entry->internal_client, ==, "192.168.178.25");
    }
  if (any != NULL && list->len == 0)
    assert_entry (any);
  for (guint i = 0; i < list->len; i++)
    assert_entry (g_ptr_array_index (list, i));
}

static void
test_truncation (gconstpointer data)
{
  UpnpAction action = GPOINTER_TO_UINT (data);
  const char *text = answers[action];
  const char *tag = strstr (text, "<u:");
  gsize readable = (gsize) (strchr (tag, '>') + 1 - text);

  for (gsize len = 0; len <= strlen (text); len++)
    {
      g_autoptr (UpnpSoapReply) reply = decode (action, 200, text, len);

      if (len == 0)
        g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_EMPTY);
      else
        g_assert_cmpint (reply->outcome, ==,
                         len >= readable ? UPNP_SOAP_DONE : UPNP_SOAP_NO_ANSWER);
      assert_values (reply);
    }
}

static void
test_fault_truncation (gconstpointer data)
{
  UpnpAction action = GPOINTER_TO_UINT (data);
  static const char text[] = FAULT;
  gsize readable = (gsize) (strstr (text, "</errorCode>") - text) + strlen ("</errorCode>");

  for (gsize len = 1; len < sizeof text; len++)
    {
      g_autoptr (UpnpSoapReply) reply = decode (action, 500, text, len);

      g_assert_cmpint (reply->outcome, ==, len >= readable ? UPNP_SOAP_FAULT : UPNP_SOAP_NO_ANSWER);
      g_assert_cmpint (reply->code, ==, len >= readable ? 718 : 0);
      g_assert_true (reply->message == NULL ||
                     g_str_equal (reply->message, "ConflictInMappingEntry"));
    }
}

/* Each end tag in turn has another name. */
static void
test_wrong_end_tags (gconstpointer data)
{
  UpnpAction action = GPOINTER_TO_UINT (data);

  for (const char *p = strstr (answers[action], "</"); p != NULL; p = strstr (p + 2, "</"))
    {
      g_autoptr (GString) text = g_string_new_len (answers[action], p - answers[action]);
      g_autoptr (UpnpSoapReply) reply = NULL;

      g_string_append_printf (text, "</Wrong%s", strchr (p, '>'));
      reply = decode (action, 200, text->str, text->len);
      g_assert_cmpint (reply->outcome, ==, UPNP_SOAP_DONE);
      assert_values (reply);
    }
}

static void
test_unclear (gconstpointer data)
{
  UpnpAction action = GPOINTER_TO_UINT (data);
  static const struct
  {
    guint status;
    const char *body;
    UpnpSoapOutcome outcome;
  } cases[] = {
    { 200, "", UPNP_SOAP_EMPTY },
    { 200, " \r\n", UPNP_SOAP_EMPTY },
    { 204, "", UPNP_SOAP_EMPTY },
    { 200, "<s:Envelope><s:Body></s:Body></s:Envelope>", UPNP_SOAP_EMPTY },
    { 200, "<s:Envelope><s:Header/><s:Body/></s:Envelope>", UPNP_SOAP_EMPTY },
    { 200, "<?xml version='1.0'?><Envelope>\n<Body>\n <!-- x --> </Body></Envelope>",
      UPNP_SOAP_EMPTY },
    { 500, "<s:Envelope><s:Body></s:Body></s:Envelope>", UPNP_SOAP_NO_ANSWER },
    { 200, "<s:Envelope><s:Body>", UPNP_SOAP_NO_ANSWER },
    { 200, "<s:Envelope><s:Body><u:SomethingResponse/></s:Body></s:Envelope>",
      UPNP_SOAP_NO_ANSWER },
    { 200, "<html><body></body></html>", UPNP_SOAP_NO_ANSWER },
    { 200, "<html><body>Log in</body></html>", UPNP_SOAP_NO_ANSWER },
    { 200, "OK", UPNP_SOAP_NO_ANSWER },
    { 401, "<html></html>", UPNP_SOAP_NO_ANSWER },
    { 401, "", UPNP_SOAP_NO_ANSWER },
    { 500, "", UPNP_SOAP_NO_ANSWER },
    { 503, "<html>Busy</html>", UPNP_SOAP_NO_ANSWER },
    { 500,
      "<s:Envelope><s:Body><s:Fault><faultcode>s:Client</faultcode></s:Fault></s:Body>"
      "</s:Envelope>",
      UPNP_SOAP_NO_ANSWER },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (UpnpSoapReply) reply =
        decode (action, cases[i].status, cases[i].body, strlen (cases[i].body));

      g_test_message ("%u %s", cases[i].status, cases[i].body);
      g_assert_cmpint (reply->outcome, ==, cases[i].outcome);
    }
}

/* What follows a wrong end tag is read. The value before it may be cut, so it is unknown. */
static void
test_reads_on (void)
{
  static const char text[] =
    "<Envelope><Body><GetGenericPortMappingEntryResponse>"
    "<NewExternalPort>9000</NewExternalPort><NewProtocol>TCP</NewProtocol>"
    "<NewPortMappingDescription>x</NewDescription>"
    "<NewInternalPort>80</NewInternalPort><NewInternalClient>192.0.2.7</NewInternalClient>"
    "<NewLeaseDuration>3600</NewLease><NewEnabled>0</NewEnabled></Response></Body></Envelope>";
  g_autoptr (UpnpSoapReply) reply = decode (UPNP_ACTION_GET_GENERIC, 200, text, strlen (text));
  g_autoptr (UpnpTableEntry) entry = upnp_soap_read_entry (reply);

  g_assert_nonnull (entry);
  g_assert_cmpuint (entry->internal_port, ==, 80);
  g_assert_false (entry->lease_known);
  g_assert_null (entry->description);
  g_assert_false (entry->enabled);
}

/* A list that is cut has the entries before. */
static void
test_cut_list (void)
{
  const char *text = answers[UPNP_ACTION_GET_LIST];
  gsize len = (gsize) (g_strrstr (text, "&lt;p:NewLeaseTime") - text);
  g_autoptr (UpnpSoapReply) reply = decode (UPNP_ACTION_GET_LIST, 200, text, len);
  g_autoptr (UpnpSoapReply) whole = decode (UPNP_ACTION_GET_LIST, 200, text, strlen (text));
  g_autoptr (GPtrArray) entries = upnp_soap_read_list (reply);
  const UpnpTableEntry *last;

  g_assert_true (upnp_soap_list_is_complete (whole));
  g_assert_false (upnp_soap_list_is_complete (reply));
  g_assert_cmpuint (entries->len, ==, 2);
  last = g_ptr_array_index (entries, 1);
  g_assert_cmpuint (last->internal_port, ==, 51413);
  g_assert_false (last->lease_known);
}

/* A list with more elements than a document may have is not complete. */
static void
test_long_list (void)
{
  g_autoptr (GString) text = g_string_new ("<Envelope><Body><GetListOfPortMappingsResponse>"
                                           "<NewPortListing>&lt;l&gt;");
  g_autoptr (UpnpSoapReply) reply = NULL;
  g_autoptr (GPtrArray) entries = NULL;

  for (guint i = 0; i < 5000; i++)
    g_string_append (text, LISTED);
  g_string_append (text, "&lt;/l&gt;</NewPortListing></GetListOfPortMappingsResponse></Body>"
                         "</Envelope>");
  reply = decode (UPNP_ACTION_GET_LIST, 200, text->str, text->len);
  entries = upnp_soap_read_list (reply);
  g_assert_cmpuint (entries->len, >, 3000);
  g_assert_cmpuint (entries->len, <, 5000);
  g_assert_false (upnp_soap_list_is_complete (reply));
}

/* Chunks before a broken one are read. */
static void
test_broken_chunk (void)
{
  g_autoptr (UpnpHttpDecoder) decoder = upnp_http_decoder_new (1000);
  static const char text[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "3\r\n<a>\r\nzz\r\n";
  const char *body;
  gsize len;

  g_assert_true (upnp_http_decoder_feed (decoder, text, strlen (text), NULL));
  g_assert_true (upnp_http_decoder_is_complete (decoder));
  body = upnp_http_decoder_get_body (decoder, &len);
  g_assert_cmpstr (body, ==, "<a>");
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *name;
    GTestDataFunc func;
  } tests[] = {
    { "every-byte", test_truncation },
    { "fault-every-byte", test_fault_truncation },
    { "wrong-end-tags", test_wrong_end_tags },
    { "unclear", test_unclear },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint action = 0; action < UPNP_N_ACTIONS; action++)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        {
          g_autofree char *path =
            g_strdup_printf ("/upnp/cut/%s/%s", tests[i].name, upnp_action_get_name (action));

          g_test_add_data_func (path, GUINT_TO_POINTER (action), tests[i].func);
        }
    }
  g_test_add_func ("/upnp/cut/reads-on", test_reads_on);
  g_test_add_func ("/upnp/cut/list", test_cut_list);
  g_test_add_func ("/upnp/cut/long-list", test_long_list);
  g_test_add_func ("/upnp/cut/broken-chunk", test_broken_chunk);
  return g_test_run ();
}
