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
  /* Of WANIPv6FirewallControl. */
  UPNP_ACTION_GET_FIREWALL,
  UPNP_ACTION_ADD_PINHOLE,
  UPNP_ACTION_UPDATE_PINHOLE,
  UPNP_ACTION_DELETE_PINHOLE,
  UPNP_N_ACTIONS
} UpnpAction;

/* An action and its arguments; each action takes those of protocols.md C.4, in that order. */
typedef struct
{
  UpnpAction action;
  PlumProtocol protocol;
  guint external_port;
  guint internal_port;
  guint lease;             /* s; 0: for ever */
  guint index;             /* of GetGenericPortMappingEntry */
  guint unique_id;         /* of a pinhole */
  const char *remote_host; /* borrowed; NULL: "" */
  const char *description; /* borrowed */
} UpnpSoapRequest;

typedef enum {
  UPNP_SOAP_DONE,      /* the action's response is there */
  UPNP_SOAP_FAULT,     /* a fault with a number */
  UPNP_SOAP_EMPTY,     /* 200, and nothing else: it may or may not be done (quirk 36) */
  UPNP_SOAP_NO_ANSWER, /* HTTP without SOAP: an error page, a login page, an empty error */
} UpnpSoapOutcome;

/* An entry of the router's table. */
typedef struct
{
  PlumProtocol protocol;
  guint external_port; /* 0: not told */
  guint internal_port;
  char *internal_client;
  char *description;
  guint lease;
  gboolean enabled;
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
/* What the service's own text calls a fault: the numbers from 700 on mean something else in each
 * service. NULL: it has no name there, or it is not one of a firewall's. */
const char *upnp_action_get_fault_name (UpnpAction action, int code);

/* The envelope. internal_client: this end of the very connection that will carry it (quirk 56). */
char *upnp_soap_encode (const UpnpSoapRequest *request,
                        const char *service_type,
                        const char *internal_client);
/* A description that no router minds (quirk 57): short, plain, never empty. (transfer full) */
char *upnp_soap_plain_description (const char *text);
/* Of a text that anybody may have written, what can be shown within a sentence: one line without
 * quotes, and at most so many characters. May be empty. (transfer full) */
char *upnp_soap_dup_shown (const char *text, guint max);

/* Never NULL: whatever came is some outcome. */
UpnpSoapReply *upnp_soap_decode (UpnpAction action, guint status, const char *body, gsize len);
/* An argument of the response; NULL: not there, or cut off. (transfer full) */
char *upnp_soap_dup_argument (const UpnpSoapReply *reply, const char *name);
/* NewExternalIPAddress; NULL: none that is usable (quirk 65). (transfer full) */
GInetAddress *upnp_soap_read_address (const UpnpSoapReply *reply);
/* NewConnectionStatus: does it claim to be connected? */
gboolean upnp_soap_read_connected (const UpnpSoapReply *reply);
/* NewReservedPort; 0: none that is usable. */
guint upnp_soap_read_port (const UpnpSoapReply *reply);
/* Of GetFirewallStatus. FALSE: it does not tell both, and neither is touched. */
gboolean upnp_soap_read_firewall (const UpnpSoapReply *reply, gboolean *enabled, gboolean *allowed);
/* UniqueID; -1: none. */
int upnp_soap_read_unique_id (const UpnpSoapReply *reply);
/* Of GetSpecific- or GetGenericPortMappingEntry; NULL: not whole. (transfer full) */
UpnpTableEntry *upnp_soap_read_entry (const UpnpSoapReply *reply);
/* Of GetListOfPortMappings: (element-type UpnpTableEntry) (transfer full) */
GPtrArray *upnp_soap_read_list (const UpnpSoapReply *reply);

G_END_DECLS
