/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

#include "upnp-device.h"

G_BEGIN_DECLS

/* What the router's table has for an external port. */
typedef enum {
  UPNP_LOOKUP_FREE,    /* no entry */
  UPNP_LOOKUP_OURS,    /* an entry that leads to this mapping */
  UPNP_LOOKUP_TAKEN,   /* an entry of another host, or of another port of this host */
  UPNP_LOOKUP_UNKNOWN, /* the answer does not tell */
} UpnpLookupResult;

/* What makes an entry ours. */
typedef struct
{
  guint internal_port;
  const char *local_address;  /* (nullable): this end of the connection */
  const char *former_address; /* (nullable): of this host, before it changed */
  gboolean other_host;        /* local_address is another host's, which may map ports as well */
  gboolean expected;       /* this program has added the entry, or may have: it is ours also if the
                            * router does not report its host or its port (quirk 100) */
  gboolean added;          /* the same, and the router has just confirmed that */
  const char *description; /* for an entry of the former address or of the other host, and for one
                            * that is not reported completely */
} UpnpLookupOwner;

/* Whether the device can be asked: FALSE if it is known that it does not read entries. */
gboolean upnp_lookup_is_possible (UpnpDevice *device);
/* Records that the device does not read entries, and says so in the log, once for each device. */
void upnp_lookup_set_impossible (UpnpDevice *device);
/* Whether an error means that the device did not receive the request, or is not there. */
gboolean upnp_lookup_is_lost (const UpnpSoapReply *reply, const GError *error);
/* Whether an answer that is UPNP_LOOKUP_UNKNOWN cannot be used, from a router that shows its
 * entries. A fault is an answer, except for one without a reason from a router that has another
 * fault for a port without an entry. */
gboolean upnp_lookup_must_repeat (UpnpDevice *device,
                                  const UpnpSoapReply *reply,
                                  const GError *error);
/* Whether a router whose answer is UPNP_LOOKUP_UNKNOWN may have an entry that it would show in
 * another answer: it must not be deleted. Only a router that never shows its entries answers with a
 * fault. */
gboolean upnp_lookup_may_hide_entry (UpnpDevice *device,
                                     const UpnpSoapReply *reply,
                                     const GError *error);
/* Whether a fault of GetSpecificPortMappingEntry means that the port has no entry. */
gboolean upnp_lookup_says_no_entry (UpnpDevice *device, const UpnpSoapReply *reply);
/* Reads the answer to GetSpecificPortMappingEntry and records what it shows about the device.
 * entry: set to NULL if the router has no entry. */
UpnpLookupResult upnp_lookup_read (UpnpDevice *device,
                                   const UpnpSoapReply *reply,
                                   const GError *error,
                                   const UpnpLookupOwner *owner,
                                   UpnpTableEntry **entry);
/* Whether an entry that is UPNP_LOOKUP_TAKEN is certainly of another host or program. FALSE: the
 * router does not report enough. */
gboolean upnp_lookup_is_other (const UpnpTableEntry *entry, const UpnpLookupOwner *owner);
/* Whether an entry that is UPNP_LOOKUP_TAKEN is what the router made of our add, but leads to
 * another port of our host (quirk 51). */
gboolean upnp_lookup_is_misdirected (UpnpDevice *device,
                                     const UpnpTableEntry *entry,
                                     const UpnpLookupOwner *owner);
/* Whether it stands for a port without an entry (quirk 100). FALSE also if the answer is cut: the
 * rest may have a value. description: (nullable): that of the expected entry, if it is known. */
gboolean upnp_lookup_is_blank (const UpnpTableEntry *entry, const char *description);
/* FALSE: the router shows nothing, 0.0.0.0 or “(null)” in place of the internal host. */
gboolean upnp_lookup_has_host (const UpnpTableEntry *entry);
/* Whether an entry may have this description: routers omit it or shorten it. */
gboolean upnp_lookup_has_description (const UpnpTableEntry *entry, const char *description);

G_END_DECLS
