/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "upnp-candidate.h"
#include "upnp-link.h"

G_BEGIN_DECLS

/* The texts of the discovery that have several variants. (transfer full) */

/* What a device is, and how many of its services can be used. */
char *upnp_discovery_text_dup_described (const UpnpDevice *device, gboolean ipv6, guint n_services);

/* Why an answer that may be a router's is not used. */
char *upnp_discovery_text_dup_not_used (const char *name,
                                        const char *gateway,
                                        UpnpLinkVerdict verdict);

/* Why a device that has answered cannot be used. n_forged: the number of its descriptions if
 * another host may have forged them, or 0. */
char *upnp_discovery_text_dup_failed (const UpnpCandidate *candidate,
                                      guint n_forged,
                                      gboolean ipv6);

G_END_DECLS
