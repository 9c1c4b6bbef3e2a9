/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-url.h"

G_BEGIN_DECLS

/* What may map ports, best first (protocols: the standard names, then TR-064's, which often want a
 * login: quirk 42). */
typedef enum {
  UPNP_SERVICE_IP2,
  UPNP_SERVICE_IP1,
  UPNP_SERVICE_PPP,
  UPNP_SERVICE_DSLFORUM_IP,
  UPNP_SERVICE_DSLFORUM_PPP,
  UPNP_SERVICE_FIREWALL, /* opens pinholes for IPv6, and maps nothing */
} UpnpServiceKind;

/* A service that maps ports or opens pinholes, as a description names it. */
typedef struct
{
  UpnpServiceKind kind;
  char *type; /* the URN exactly as advertised (quirk 42) */
  guint version;
  guint16 port; /* of the control URL; its host is not kept */
  char *target;
} UpnpService;

UpnpService *upnp_service_new (const char *type, guint16 port, const char *target);
UpnpService *upnp_service_copy (const UpnpService *self);
void upnp_service_free (UpnpService *self);
gboolean upnp_service_equal (const UpnpService *a, const UpnpService *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpService, upnp_service_free)

/* Does it have the actions of WANIPConnection:2? */
gboolean upnp_service_is_v2 (const UpnpService *self);

/* What a device says of itself. */
typedef struct
{
  char *manufacturer;   /* (nullable) */
  char *model;          /* (nullable) */
  char *friendly_name;  /* (nullable) */
  GPtrArray *services;  /* (element-type UpnpService): best first; may be empty */
  GPtrArray *firewalls; /* (element-type UpnpService): those of IPv6; may be empty */
  gboolean whole;       /* no fault in the markup */
} UpnpDescription;

void upnp_description_free (UpnpDescription *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpDescription, upnp_description_free)

/* location: where the document was got. Error MALFORMED: it is no document at all. */
UpnpDescription *upnp_description_decode (const UpnpUrl *location,
                                          const char *data,
                                          gsize len,
                                          GError **error);

G_END_DECLS
