/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "plum-race-private.h"

G_BEGIN_DECLS

/* Learns the external address from a short mapping, where nothing else reports it. Maps a UDP port
 * that the probe has bound itself, and deletes the mapping at once. Not every server checks the key
 * of a mapping (miniupnpd 2.3.1 does not), so any port of another program could lose its mapping.
 * One probe serves all that wait for its result. */
typedef struct _PlumAddressProbe PlumAddressProbe;

/* The outcome. Either address or error is NULL; both are borrowed. */
typedef void (*PlumAddressProbeFunc) (PlumBackend *backend,
                                      GInetAddress *address,
                                      const GError *error,
                                      gpointer user_data);

typedef struct
{
  /* Whether a mapping of the internal port is held or requested. */
  gboolean (*is_used) (guint port, gpointer user_data);
  /* The port of the probe may be requested again. */
  void (*idle) (gpointer user_data);
} PlumAddressProbeClient;

/* race, settings: borrowed; settings are not read after the race is closed. */
PlumAddressProbe *plum_address_probe_new (PlumRace *race,
                                          GSocketFamily family,
                                          const PlumSettings *settings,
                                          PlumSignalQueue *signals,
                                          const PlumAddressProbeClient *client,
                                          gpointer user_data);
/* The race must be closed. */
void plum_address_probe_free (PlumAddressProbe *self);

/* Starts a probe, unless one is active. May call func before it returns. */
void plum_address_probe_add (PlumAddressProbe *self, PlumAddressProbeFunc func, gpointer user_data);
/* The mapping is deleted all the same. */
void plum_address_probe_remove (PlumAddressProbe *self, gpointer user_data);
/* The port that is being mapped; 0: none. */
guint plum_address_probe_get_port (PlumAddressProbe *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PlumAddressProbe, plum_address_probe_free)

G_END_DECLS
