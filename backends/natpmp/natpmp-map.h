/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "natpmp-codec.h"
#include "plum-udp-operation.h"

G_BEGIN_DECLS

/*
 * The map requests of one session: new mappings, renewals and deletions. A response contains no
 * external address, so a lease waits for the probe that asks for it, if one is pending.
 */
typedef struct _NatpmpMaps NatpmpMaps;

/* session: borrowed. Free it first: its operations need the maps until then. */
NatpmpMaps *natpmp_maps_new (PlumUdpSession *session);
void natpmp_maps_free (NatpmpMaps *self);

/* The fields that a response repeats. NAT-PMP has no other identifier of a request. */
void natpmp_map_make_key (PlumProtocol protocol, guint internal_port, PlumExchangeKey *key);
/* Finishes the call. */
void natpmp_maps_start (NatpmpMaps *self, PlumRequest *request, gboolean deletion, PlumCall *call);
/* Deletes an entry of this host. */
void natpmp_maps_delete_entry (NatpmpMaps *self, PlumEntry *entry, PlumCall *call);
/* Requests a live mapping once more. */
void natpmp_maps_refresh (NatpmpMaps *self, const PlumExchangeKey *key);
/* The router's answers cannot be read: fails the operation, and deletes what it may have mapped.
 * error: (transfer full) */
void natpmp_map_give_up (PlumUdpOperation *operation, GError *error);
/* What the operation has sent is no longer pending. */
void natpmp_map_left (PlumUdpOperation *operation);
/* FALSE: it answers no pending request. */
gboolean natpmp_maps_handle_reply (NatpmpMaps *self, const NatpmpReply *reply);
/* The probe has finished or is late: completes the leases that wait for the external address. */
void natpmp_maps_address_arrived (NatpmpMaps *self);
/* Whether a lease was completed without an address that the gateway may still report. Clears it. */
gboolean natpmp_maps_take_incomplete (NatpmpMaps *self);

G_END_DECLS
