/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define UPNP_SSDP_GROUP "239.255.255.250"
#define UPNP_SSDP_GROUP6 "ff02::c"
#define UPNP_SSDP_PORT 1900
#define UPNP_SSDP_MAX_DATAGRAM 4096

typedef enum {
  UPNP_SSDP_ANSWER,
  UPNP_SSDP_ALIVE,
  UPNP_SSDP_BYEBYE,
  UPNP_SSDP_UPDATE,
} UpnpSsdpKind;

/* The kind of sender, by the names in a message. */
typedef enum {
  UPNP_SSDP_GATEWAY, /* an internet gateway or a part of one */
  UPNP_SSDP_ROOT,    /* a device of unknown type, which may be a gateway */
  UPNP_SSDP_OTHER,
} UpnpSsdpClass;

typedef struct
{
  UpnpSsdpKind kind;
  UpnpSsdpClass class;
  char *target;   /* ST or NT; (nullable) */
  char *location; /* (nullable) */
  char *server;   /* (nullable) */
  gint64 boot_id; /* BOOTID.UPNP.ORG; -1: none */
} UpnpSsdpMessage;

void upnp_ssdp_message_free (UpnpSsdpMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpSsdpMessage, upnp_ssdp_message_free)

/* The search targets (quirk 20), NULL-terminated. */
const char *const *upnp_ssdp_targets (GSocketFamily family);
/* host: the address and port of the recipient. (transfer full) */
GBytes *upnp_ssdp_encode_search (const char *host, const char *target);
/* Error MALFORMED: neither an answer to a search nor a notification. */
UpnpSsdpMessage *upnp_ssdp_decode (const char *data, gsize len, GError **error);

G_END_DECLS
