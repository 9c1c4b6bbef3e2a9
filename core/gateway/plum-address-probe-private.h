/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-race-private.h"

G_BEGIN_DECLS

/* Learns the external address from a short mapping, where nothing else reports it. Maps the discard
 * port, and deletes the mapping at once. One probe serves all that wait for its result. */
typedef struct _PlumAddressProbe PlumAddressProbe;

/* The port that a probe maps (RFC 863), on this host and if possible on the router. */
#define PLUM_ADDRESS_PROBE_PROTOCOL PLUM_PROTOCOL_UDP
#define PLUM_ADDRESS_PROBE_PORT 9

/* The outcome. Either address or error is NULL; both are borrowed. */
typedef void (*PlumAddressProbeFunc) (PlumBackend *backend,
                                      GInetAddress *address,
                                      const GError *error,
                                      gpointer user_data);

/* race, settings: borrowed; settings are not read after the race is closed. idle: the port may be
 * requested again. */
PlumAddressProbe *plum_address_probe_new (PlumRace *race,
                                          const PlumSettings *settings,
                                          PlumSignalQueue *signals,
                                          void (*idle) (gpointer user_data),
                                          gpointer user_data);
/* The race must be closed. */
void plum_address_probe_free (PlumAddressProbe *self);

/* Starts a probe, unless one is active. May call func before it returns. */
void plum_address_probe_add (PlumAddressProbe *self, PlumAddressProbeFunc func, gpointer user_data);
/* The mapping is deleted all the same. */
void plum_address_probe_remove (PlumAddressProbe *self, gpointer user_data);
gboolean plum_address_probe_is_active (PlumAddressProbe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumAddressProbe, plum_address_probe_free)

G_END_DECLS
