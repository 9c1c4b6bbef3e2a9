/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

typedef enum {
  UPNP_ACTION_GET_STATUS,
  UPNP_ACTION_GET_ADDRESS,
  UPNP_ACTION_ADD,
  UPNP_ACTION_ADD_ANY,
  UPNP_ACTION_DELETE,
  UPNP_ACTION_GET_SPECIFIC,
  UPNP_ACTION_GET_GENERIC,
  UPNP_ACTION_GET_LIST,
  /* WANIPv6FirewallControl: */
  UPNP_ACTION_GET_FIREWALL,
  UPNP_ACTION_ADD_PINHOLE,
  UPNP_ACTION_UPDATE_PINHOLE,
  UPNP_ACTION_DELETE_PINHOLE,
  UPNP_N_ACTIONS
} UpnpAction;

/* An action and its arguments. Each action uses the arguments that its service defines. */
typedef struct
{
  UpnpAction action;
  PlumProtocol protocol;
  guint external_port;
  guint internal_port;
  guint lease;             /* s; 0: permanent */
  guint index;             /* of GetGenericPortMappingEntry */
  guint unique_id;         /* of a pinhole */
  const char *remote_host; /* borrowed; NULL: "" */
  const char *client;      /* borrowed; NULL: this end of the connection */
  const char *description; /* borrowed */
} UpnpSoapRequest;

typedef enum {
  UPNP_SOAP_DONE,      /* the response of the action; it may be cut: values may be missing */
  UPNP_SOAP_FAULT,     /* a fault with a number: the only refusal */
  UPNP_SOAP_EMPTY,     /* a 200 without a body, or with an empty SOAP body: the request may have
                        * succeeded or not (quirk 36) */
  UPNP_SOAP_NO_ANSWER, /* HTTP that cannot be understood, whatever its status: an error page, a
                        * login page, an empty error, another element. The request may have
                        * succeeded or not (quirk 74) */
} UpnpSoapOutcome;

/* An entry of the router's table. A value whose element is missing, cut or invalid is unknown. */
typedef struct
{
  PlumProtocol protocol;
  guint external_port; /* 0: unknown */
  guint internal_port; /* 0: unknown */
  char *internal_client;
  char *remote_host; /* as the router sent it; (nullable): missing or cut */
  char *description;
  guint lease; /* s; 0: permanent, if lease_known */
  gboolean lease_known;
  gboolean enabled;  /* TRUE if unknown */
  gboolean complete; /* FALSE: it is cut: what is missing is unknown */
  /* As the router sent them; (nullable): missing or cut. */
  char *protocol_text;
  char *external_port_text;
  char *internal_port_text;
} UpnpTableEntry;

void upnp_table_entry_free (UpnpTableEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpTableEntry, upnp_table_entry_free)

typedef struct _UpnpXmlNode UpnpXmlNode;

typedef struct
{
  UpnpSoapOutcome outcome;
  guint status;          /* of HTTP */
  int code;              /* of a fault; some are negative (quirk 39) */
  char *message;         /* of a fault; (nullable) */
  UpnpXmlNode *document; /* (nullable) */
} UpnpSoapReply;

void upnp_soap_reply_free (UpnpSoapReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpSoapReply, upnp_soap_reply_free)

const char *upnp_action_get_name (UpnpAction action);
/* The name of a fault in the specification of the service: the numbers from 700 on differ between
 * services. NULL: it has no name. */
const char *upnp_action_get_fault_name (UpnpAction action, int code);

/* Encodes the envelope. local_address: this end of the connection that carries it (quirk 56). */
char *upnp_soap_encode (const UpnpSoapRequest *request,
                        const char *service_type,
                        const char *local_address);
/* Returns a description that every router accepts: short, plain, not empty (quirk 57).
 * (transfer full) */
char *upnp_soap_plain_description (const char *text);
/* plum_text_make_printable(). (transfer full) */
char *upnp_soap_dup_shown (const char *text, guint max);

/* Never NULL: every answer has an outcome. */
UpnpSoapReply *upnp_soap_decode (UpnpAction action, guint status, const char *body, gsize len);
/* Whether the control URL does not exist: HTTP 404 or 410 without SOAP. */
gboolean upnp_soap_reply_is_gone (const UpnpSoapReply *self);
/* The same for a fault, which may stand for an action that was not found: another action shows
 * whether the control URL exists. */
gboolean upnp_soap_reply_may_be_gone (const UpnpSoapReply *self);
/* Whether it is a response or a fault of SOAP, also a fault without a number. */
gboolean upnp_soap_reply_is_soap (const UpnpSoapReply *self);
/* An argument of the response; NULL: missing or incomplete. (transfer full) */
char *upnp_soap_dup_argument (const UpnpSoapReply *reply, const char *name);
/* NewExternalIPAddress; NULL: missing or unusable (quirk 65). (transfer full) */
GInetAddress *upnp_soap_read_address (const UpnpSoapReply *reply);
/* NewConnectionStatus; UNKNOWN: missing, or a word that no specification has. */
PlumConnectionStatus upnp_soap_read_status (const UpnpSoapReply *reply);
/* NewUptime in seconds; 0: missing, or not a number. */
guint upnp_soap_read_uptime (const UpnpSoapReply *reply);
/* NewReservedPort; 0: missing or invalid. */
guint upnp_soap_read_port (const UpnpSoapReply *reply);
/* The response to GetFirewallStatus. FALSE: a value is missing, and both variables are unchanged.
 */
gboolean upnp_soap_read_firewall (const UpnpSoapReply *reply, gboolean *enabled, gboolean *allowed);
/* UniqueID; -1: missing or invalid. */
int upnp_soap_read_unique_id (const UpnpSoapReply *reply);
/* The response to GetSpecificPortMappingEntry or GetGenericPortMappingEntry; NULL: it is cut before
 * the client, or reports nothing about the entry. The client is "" if the router does not report
 * it. (transfer full) */
UpnpTableEntry *upnp_soap_read_entry (const UpnpSoapReply *reply);
/* The same for a list: also an entry whose values are unknown. (transfer full) */
UpnpTableEntry *upnp_soap_read_any_entry (const UpnpSoapReply *reply);
/* Whether the protocol is TCP or UDP. */
gboolean upnp_table_entry_has_protocol (const UpnpTableEntry *self);
/* The response to GetListOfPortMappings, as far as it goes. The clients are not NULL.
 * (element-type UpnpTableEntry) (transfer full) */
GPtrArray *upnp_soap_read_list (const UpnpSoapReply *reply);
/* FALSE: the response to GetListOfPortMappings is cut: entries may be missing. */
gboolean upnp_soap_list_is_complete (const UpnpSoapReply *reply);

G_END_DECLS
