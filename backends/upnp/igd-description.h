/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "igd-url.h"

G_BEGIN_DECLS

/* The services that map ports, best first: those of UPnP IGD, then those of TR-064, which often
 * require a login (quirk 42). */
typedef enum {
  UPNP_SERVICE_IP2,
  UPNP_SERVICE_IP1,
  UPNP_SERVICE_PPP,
  UPNP_SERVICE_DSLFORUM_IP,
  UPNP_SERVICE_DSLFORUM_PPP,
  UPNP_SERVICE_FIREWALL, /* opens IPv6 pinholes; does not map ports */
} UpnpServiceKind;

/* A service that maps ports or opens pinholes. */
typedef struct
{
  UpnpServiceKind kind;
  char *type; /* the URN exactly as advertised (quirk 42) */
  guint version;
  guint16 port; /* of the control URL, whose host is ignored */
  char *target;
} UpnpService;

UpnpService *upnp_service_new (const char *type, guint16 port, const char *target);
UpnpService *upnp_service_copy (const UpnpService *self);
void upnp_service_free (UpnpService *self);
gboolean upnp_service_equal (const UpnpService *a, const UpnpService *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpService, upnp_service_free)

/* Whether it has the actions of WANIPConnection:2. */
gboolean upnp_service_is_v2 (const UpnpService *self);

/* The description of a device. */
typedef struct
{
  char *manufacturer;  /* (nullable) */
  char *model;         /* (nullable) */
  char *model_version; /* (nullable): modelNumber */
  char *friendly_name; /* (nullable) */
  GUri *presentation;  /* (nullable): absolute; the host of own_host stands for the device */
  char *own_host;
  GPtrArray *services;  /* (element-type UpnpService): best first; may be empty */
  GPtrArray *firewalls; /* (element-type UpnpService): for IPv6; may be empty */
  gboolean whole;       /* the markup is well-formed */
} UpnpDescription;

void upnp_description_free (UpnpDescription *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpDescription, upnp_description_free)

/* The URL of the settings of the device at this address; NULL: it has none, or it is a URL of
 * another host. (transfer full) */
char *upnp_description_make_presentation_url (const UpnpDescription *self, GInetAddress *address);

/* location: the URL of the document. Error MALFORMED: it is not XML. */
UpnpDescription *upnp_description_decode (const UpnpUrl *location,
                                          const char *data,
                                          gsize len,
                                          GError **error);

G_END_DECLS
