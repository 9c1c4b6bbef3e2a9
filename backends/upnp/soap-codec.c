/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soap-codec.h"

#include <string.h>

#include "igd-xml.h"
#include "plum-external-address.h"
#include "upnp-client.h"

#define MAX_DESCRIPTION 32

static const struct
{
  const char *name;
  const char *response; /* in lower case, as in UpnpXmlNode */
} actions[] = {
  [UPNP_ACTION_GET_STATUS] = { "GetStatusInfo", "getstatusinforesponse" },
  [UPNP_ACTION_GET_ADDRESS] = { "GetExternalIPAddress", "getexternalipaddressresponse" },
  [UPNP_ACTION_ADD] = { "AddPortMapping", "addportmappingresponse" },
  [UPNP_ACTION_ADD_ANY] = { "AddAnyPortMapping", "addanyportmappingresponse" },
  [UPNP_ACTION_DELETE] = { "DeletePortMapping", "deleteportmappingresponse" },
  [UPNP_ACTION_GET_SPECIFIC] = { "GetSpecificPortMappingEntry",
                                 "getspecificportmappingentryresponse" },
  [UPNP_ACTION_GET_GENERIC] = { "GetGenericPortMappingEntry",
                                "getgenericportmappingentryresponse" },
  [UPNP_ACTION_GET_LIST] = { "GetListOfPortMappings", "getlistofportmappingsresponse" },
  [UPNP_ACTION_GET_FIREWALL] = { "GetFirewallStatus", "getfirewallstatusresponse" },
  [UPNP_ACTION_ADD_PINHOLE] = { "AddPinhole", "addpinholeresponse" },
  [UPNP_ACTION_UPDATE_PINHOLE] = { "UpdatePinhole", "updatepinholeresponse" },
  [UPNP_ACTION_DELETE_PINHOLE] = { "DeletePinhole", "deletepinholeresponse" },
};

/* The faults of WANIPv6FirewallControl:1, from 701 on. */
static const char *const pinhole_faults[] = {
  "PinholeSpaceExhausted",
  "FirewallDisabled",
  "InboundPinholeNotAllowed",
  "NoSuchEntry",
  "ProtocolNotSupported",
  "InternalPortWildcardingNotAllowed",
  "ProtocolWildcardingNotAllowed",
  "WildCardNotPermittedInSrcIP",
  "NoPacketSent",
};

void
upnp_table_entry_free (UpnpTableEntry *self)
{
  g_free (self->internal_client);
  g_free (self->remote_host);
  g_free (self->description);
  g_free (self->protocol_text);
  g_free (self->external_port_text);
  g_free (self->internal_port_text);
  g_free (self);
}

void
upnp_soap_reply_free (UpnpSoapReply *self)
{
  g_free (self->message);
  g_clear_pointer (&self->document, upnp_xml_node_free);
  g_free (self);
}

const char *
upnp_action_get_name (UpnpAction action)
{
  return actions[action].name;
}

const char *
upnp_action_get_fault_name (UpnpAction action, int code)
{
  if (action < UPNP_ACTION_GET_FIREWALL)
    return NULL;
  if (code == 606)
    return "ActionNotAuthorized";
  if (code <= 700 || code > 700 + (int) G_N_ELEMENTS (pinhole_faults))
    return NULL;

  return pinhole_faults[code - 701];
}

static const char *
protocol_name (PlumProtocol protocol)
{
  /* Some routers answer 402 to lower case (quirk 54). */
  return protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";
}

static void
add_text (GString *out, const char *name, const char *value)
{
  g_autofree char *escaped = g_markup_escape_text (value, -1);

  g_string_append_printf (out, "<%s>%s</%s>", name, escaped, name);
}

static void
add_number (GString *out, const char *name, guint value)
{
  g_string_append_printf (out, "<%s>%u</%s>", name, value, name);
}

/* The arguments that identify an entry. */
static void
add_key (GString *out, const UpnpSoapRequest *request)
{
  add_text (out, "NewRemoteHost", request->remote_host != NULL ? request->remote_host : "");
  add_number (out, "NewExternalPort", request->external_port);
  add_text (out, "NewProtocol", protocol_name (request->protocol));
}

/* From one host or any to one port of a host. The names have no “New”, and the protocol is a number
 * of IANA (UPnP WANIPv6FirewallControl:1). */
static void
add_pinhole (GString *out, const UpnpSoapRequest *request, const char *internal_client)
{
  add_text (out, "RemoteHost", request->remote_host != NULL ? request->remote_host : "");
  add_number (out, "RemotePort", 0);
  add_text (out, "InternalClient", internal_client);
  add_number (out, "InternalPort", request->internal_port);
  add_number (out, "Protocol", request->protocol == PLUM_PROTOCOL_TCP ? 6 : 17);
  add_number (out, "LeaseTime", request->lease);
}

/* All arguments in the order of the specification: some devices read them by position. */
static void
add_arguments (GString *out, const UpnpSoapRequest *request, const char *internal_client)
{
  switch (request->action)
    {
    case UPNP_ACTION_ADD:
    case UPNP_ACTION_ADD_ANY:
      add_key (out, request);
      add_number (out, "NewInternalPort", request->internal_port);
      add_text (out, "NewInternalClient", internal_client);
      add_number (out, "NewEnabled", 1);
      add_text (out, "NewPortMappingDescription", request->description);
      add_number (out, "NewLeaseDuration", request->lease);
      break;

    case UPNP_ACTION_DELETE:
    case UPNP_ACTION_GET_SPECIFIC:
      add_key (out, request);
      break;

    case UPNP_ACTION_GET_GENERIC:
      add_number (out, "NewPortMappingIndex", request->index);
      break;

    case UPNP_ACTION_GET_LIST:
      add_number (out, "NewStartPort", 1);
      add_number (out, "NewEndPort", G_MAXUINT16);
      add_text (out, "NewProtocol", protocol_name (request->protocol));
      add_number (out, "NewManage", 1);
      add_number (out, "NewNumberOfPorts", 0);
      break;

    case UPNP_ACTION_ADD_PINHOLE:
      add_pinhole (out, request, internal_client);
      break;

    case UPNP_ACTION_UPDATE_PINHOLE:
      add_number (out, "UniqueID", request->unique_id);
      add_number (out, "NewLeaseTime", request->lease);
      break;

    case UPNP_ACTION_DELETE_PINHOLE:
      add_number (out, "UniqueID", request->unique_id);
      break;

    case UPNP_ACTION_GET_STATUS:
    case UPNP_ACTION_GET_ADDRESS:
    case UPNP_ACTION_GET_FIREWALL:
    case UPNP_N_ACTIONS:
    default:
      break;
    }
}

char *
upnp_soap_encode (const UpnpSoapRequest *request,
                  const char *service_type,
                  const char *local_address)
{
  const char *client = request->client != NULL ? request->client : local_address;
  const char *name = upnp_action_get_name (request->action);
  GString *out = g_string_new ("<?xml version=\"1.0\"?>"
                               "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                               "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
                               "<s:Body>");

  g_string_append_printf (out, "<u:%s xmlns:u=\"%s\">", name, service_type);
  add_arguments (out, request, client);
  g_string_append_printf (out, "</u:%s></s:Body></s:Envelope>", name);

  return g_string_free (out, FALSE);
}

char *
upnp_soap_plain_description (const char *text)
{
  static const char plain[] = " -_.:/";
  GString *out = g_string_new (NULL);

  for (const char *p = text; p != NULL && *p != '\0' && out->len < MAX_DESCRIPTION; p++)
    {
      if (g_ascii_isalnum (*p) || strchr (plain, *p) != NULL)
        g_string_append_c (out, *p);
    }

  g_strstrip (out->str);
  if (*out->str == '\0')
    g_string_assign (out, "plum-glib");

  return g_string_free (out, FALSE);
}

char *
upnp_soap_dup_shown (const char *text, guint max)
{
  return plum_text_make_printable (text, max);
}

/* FALSE: there is no fault. Some routers report the error 0 with a success. */
static gboolean
read_fault (UpnpSoapReply *reply)
{
  g_autofree char *code = upnp_xml_dup_text (reply->document, "errorcode");
  gint64 value;

  if (code == NULL || !g_ascii_string_to_signed (code, 10, -G_MAXINT16, G_MAXINT16, &value, NULL) ||
      value == 0)
    return FALSE;

  reply->code = (int) value;
  reply->message = upnp_xml_dup_text (reply->document, "errordescription");
  return TRUE;
}

static gboolean
is_blank (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    {
      if (text[i] != '\0' && !g_ascii_isspace (text[i]))
        return FALSE;
    }

  return TRUE;
}

/* Whether the document is an envelope whose body is complete and empty. */
static gboolean
has_empty_body (const UpnpXmlNode *document)
{
  const UpnpXmlNode *envelope = upnp_xml_find_child (document, "envelope");
  const UpnpXmlNode *body = envelope != NULL ? upnp_xml_find_child (envelope, "body") : NULL;

  return body != NULL && body->closed && body->children == NULL &&
         is_blank (body->text->str, body->text->len);
}

/* The body takes precedence over the status: routers send faults and error pages with status 200
 * (quirk 36). */
static UpnpSoapOutcome
read_outcome (UpnpAction action, UpnpSoapReply *reply, const char *body, gsize len)
{
  gboolean success = reply->status / 100 == 2;

  if (reply->document == NULL)
    return success && is_blank (body, len) ? UPNP_SOAP_EMPTY : UPNP_SOAP_NO_ANSWER;
  if (read_fault (reply))
    return UPNP_SOAP_FAULT;
  if (upnp_xml_find (reply->document, actions[action].response) != NULL)
    return UPNP_SOAP_DONE;

  return success && has_empty_body (reply->document) ? UPNP_SOAP_EMPTY : UPNP_SOAP_NO_ANSWER;
}

UpnpSoapReply *
upnp_soap_decode (UpnpAction action, guint status, const char *body, gsize len)
{
  UpnpSoapReply *reply = g_new0 (UpnpSoapReply, 1);

  reply->status = status;
  reply->document = upnp_xml_parse (body, len, NULL);
  reply->outcome = read_outcome (action, reply, body, len);
  if (reply->outcome == UPNP_SOAP_EMPTY)
    g_clear_pointer (&reply->document, upnp_xml_node_free);
  return reply;
}

gboolean
upnp_soap_reply_is_gone (const UpnpSoapReply *self)
{
  return self->outcome == UPNP_SOAP_NO_ANSWER && (self->status == 404 || self->status == 410);
}

gboolean
upnp_soap_reply_may_be_gone (const UpnpSoapReply *self)
{
  return self->outcome == UPNP_SOAP_FAULT && (self->status == 404 || self->status == 410);
}

gboolean
upnp_soap_reply_is_soap (const UpnpSoapReply *self)
{
  return self->outcome == UPNP_SOAP_DONE || self->outcome == UPNP_SOAP_FAULT ||
         (self->document != NULL && upnp_xml_find (self->document, "fault") != NULL);
}

char *
upnp_soap_dup_argument (const UpnpSoapReply *reply, const char *name)
{
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return reply->document != NULL ? upnp_xml_dup_text (reply->document, lower) : NULL;
}

GInetAddress *
upnp_soap_read_address (const UpnpSoapReply *reply)
{
  g_autofree char *text = upnp_soap_dup_argument (reply, "NewExternalIPAddress");
  g_autoptr (GInetAddress) address = NULL;
  guint8 bytes[UPNP_IPV4_SIZE];

  if (text != NULL && upnp_client_read_ipv4 (text, bytes))
    address = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV4);
  if (address == NULL || !plum_external_address_is_possible (address))
    return NULL;

  return g_steal_pointer (&address);
}

/* “Up” and “Down” are not in the specification. */
PlumConnectionStatus
upnp_soap_read_status (const UpnpSoapReply *reply)
{
  static const struct
  {
    const char *name;
    PlumConnectionStatus status;
  } words[] = {
    { "Connected", PLUM_CONNECTION_STATUS_CONNECTED },
    { "Up", PLUM_CONNECTION_STATUS_CONNECTED },
    { "Connecting", PLUM_CONNECTION_STATUS_CONNECTING },
    { "Authenticating", PLUM_CONNECTION_STATUS_CONNECTING },
    { "PendingDisconnect", PLUM_CONNECTION_STATUS_CONNECTING },
    { "Disconnecting", PLUM_CONNECTION_STATUS_CONNECTING },
    { "Disconnected", PLUM_CONNECTION_STATUS_DISCONNECTED },
    { "Unconfigured", PLUM_CONNECTION_STATUS_DISCONNECTED },
    { "Down", PLUM_CONNECTION_STATUS_DISCONNECTED },
  };
  g_autofree char *text = upnp_soap_dup_argument (reply, "NewConnectionStatus");

  for (gsize i = 0; text != NULL && i < G_N_ELEMENTS (words); i++)
    {
      if (g_ascii_strcasecmp (text, words[i].name) == 0)
        return words[i].status;
    }

  return PLUM_CONNECTION_STATUS_UNKNOWN;
}

static gboolean
read_number (const UpnpXmlNode *node, const char *name, guint64 max, guint *out)
{
  g_autofree char *text = upnp_xml_dup_text (node, name);
  guint64 value;

  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL))
    return FALSE;

  *out = (guint) value;
  return TRUE;
}

guint
upnp_soap_read_uptime (const UpnpSoapReply *reply)
{
  guint uptime = 0;

  if (reply->document != NULL)
    read_number (reply->document, "newuptime", G_MAXUINT32, &uptime);
  return uptime;
}

guint
upnp_soap_read_port (const UpnpSoapReply *reply)
{
  guint port = 0;

  if (reply->document != NULL)
    read_number (reply->document, "newreservedport", G_MAXUINT16, &port);
  return port;
}

/* UPnP sends a boolean as 0 or 1; a receiver also accepts words (UPnP Device Architecture 1.1). */
static gboolean
read_boolean (const UpnpXmlNode *node, const char *name, gboolean *out)
{
  static const char *const yes[] = { "1", "true", "yes", NULL };
  static const char *const no[] = { "0", "false", "no", NULL };
  g_autofree char *text = upnp_xml_dup_text (node, name);
  g_autofree char *lower = text != NULL ? g_ascii_strdown (text, -1) : NULL;

  if (lower == NULL || (!g_strv_contains (yes, lower) && !g_strv_contains (no, lower)))
    return FALSE;

  *out = g_strv_contains (yes, lower);
  return TRUE;
}

gboolean
upnp_soap_read_firewall (const UpnpSoapReply *reply, gboolean *enabled, gboolean *allowed)
{
  gboolean is_enabled, is_allowed;

  if (reply->document == NULL || !read_boolean (reply->document, "firewallenabled", &is_enabled) ||
      !read_boolean (reply->document, "inboundpinholeallowed", &is_allowed))
    return FALSE;

  *enabled = is_enabled;
  *allowed = is_allowed;
  return TRUE;
}

int
upnp_soap_read_unique_id (const UpnpSoapReply *reply)
{
  guint id;

  if (reply->document == NULL || !read_number (reply->document, "uniqueid", G_MAXUINT16, &id))
    return -1;

  return (int) id;
}

static char *
dup_either (const UpnpXmlNode *node, const char *name, const char *other)
{
  char *text = upnp_xml_dup_text (node, name);

  return text != NULL ? text : upnp_xml_dup_text (node, other);
}

static gboolean
is_word (const char *text, const char *word)
{
  return text != NULL && g_ascii_strcasecmp (text, word) == 0;
}

gboolean
upnp_table_entry_has_protocol (const UpnpTableEntry *self)
{
  return is_word (self->protocol_text, "TCP") || is_word (self->protocol_text, "UDP");
}

/* The names of the arguments in an entry and in a list, where two differ (UPnP IGD:2). */
static UpnpTableEntry *
read_any_entry (const UpnpXmlNode *node)
{
  UpnpTableEntry *entry = g_new0 (UpnpTableEntry, 1);
  g_autofree char *enabled = upnp_xml_dup_text (node, "newenabled");

  entry->complete = node->closed;
  entry->protocol_text = upnp_xml_dup_text (node, "newprotocol");
  entry->external_port_text = upnp_xml_dup_text (node, "newexternalport");
  entry->internal_port_text = upnp_xml_dup_text (node, "newinternalport");
  entry->internal_client = upnp_xml_dup_text (node, "newinternalclient");
  entry->remote_host = upnp_xml_dup_text (node, "newremotehost");
  entry->description = dup_either (node, "newportmappingdescription", "newdescription");

  read_number (node, "newexternalport", G_MAXUINT16, &entry->external_port);
  read_number (node, "newinternalport", G_MAXUINT16, &entry->internal_port);
  entry->lease_known = read_number (node, "newleaseduration", G_MAXUINT32, &entry->lease) ||
                       read_number (node, "newleasetime", G_MAXUINT32, &entry->lease);
  entry->protocol = is_word (entry->protocol_text, "UDP") ? PLUM_PROTOCOL_UDP : PLUM_PROTOCOL_TCP;
  entry->enabled =
    !is_word (enabled, "0") && !is_word (enabled, "false") && !is_word (enabled, "no");
  return entry;
}

UpnpTableEntry *
upnp_soap_read_any_entry (const UpnpSoapReply *reply)
{
  return reply->document != NULL ? read_any_entry (reply->document) : NULL;
}

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

/* Also a range of ports, which has no number. */
static gboolean
has_port (const char *text)
{
  return text != NULL && text[strspn (text, "0")] != '\0';
}

UpnpTableEntry *
upnp_soap_read_entry (const UpnpSoapReply *reply)
{
  g_autoptr (UpnpTableEntry) entry = upnp_soap_read_any_entry (reply);
  guint port;

  if (entry == NULL)
    return NULL;
  if (entry->internal_client != NULL &&
      read_number (reply->document, "newinternalport", G_MAXUINT16, &port))
    return g_steal_pointer (&entry);

  /* The rest of a cut answer is unknown. An answer without any value reports no entry. */
  if (!reply->document->closed ||
      (!has_port (entry->internal_port_text) && !has_text (entry->internal_client) &&
       !has_text (entry->description)))
    return NULL;

  if (entry->internal_client == NULL)
    entry->internal_client = g_strdup ("");
  return g_steal_pointer (&entry);
}

static void
read_list_into (const UpnpXmlNode *document, GPtrArray *entries)
{
  g_autoptr (GPtrArray) nodes = upnp_xml_find_all (document, "portmappingentry");

  for (guint i = 0; i < nodes->len; i++)
    {
      const UpnpXmlNode *node = g_ptr_array_index (nodes, i);

      UpnpTableEntry *entry;

      if (node->children == NULL)
        continue;
      entry = read_any_entry (node);
      if (entry->internal_client == NULL)
        entry->internal_client = g_strdup ("");
      g_ptr_array_add (entries, entry);
    }
}

/* The list is a document in itself, escaped or in CDATA. Some routers do not escape it. Returns
 * whether it is complete. */
static gboolean
read_listing (const UpnpSoapReply *reply, GPtrArray *entries)
{
  const UpnpXmlNode *listing =
    reply->document != NULL ? upnp_xml_find (reply->document, "newportlisting") : NULL;
  g_autoptr (UpnpXmlNode) inner = NULL;

  if (reply->document != NULL)
    read_list_into (reply->document, entries);
  if (entries->len > 0 || listing == NULL)
    return listing != NULL && listing->closed;

  /* It need not be closed: the elements in it know whether they are. */
  inner = upnp_xml_parse (listing->text->str, listing->text->len, NULL);
  if (inner != NULL)
    read_list_into (inner, entries);
  return listing->closed && (inner == NULL || inner->closed);
}

GPtrArray *
upnp_soap_read_list (const UpnpSoapReply *reply)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_table_entry_free);

  read_listing (reply, entries);
  return entries;
}

gboolean
upnp_soap_list_is_complete (const UpnpSoapReply *reply)
{
  g_autoptr (GPtrArray) entries =
    g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_table_entry_free);

  return read_listing (reply, entries);
}
