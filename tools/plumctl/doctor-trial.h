/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-proof.h"

#include <plum-glib/plum-glib.h>

#define DOCTOR_TRIAL_LEASE 120 /* s: if the removal fails, the mapping expires soon */

/* Whether the router's table contains a mapping. */
typedef enum {
  READBACK_NOT_DONE,
  READBACK_UNKNOWN, /* the table could not be read completely */
  READBACK_NOT_SUPPORTED,
  READBACK_THERE,
  READBACK_GONE,
} Readback;

/* Whether a mapping is left on the router after its removal. */
typedef enum {
  LEFT_BEHIND_NO,
  LEFT_BEHIND_YES,
  LEFT_BEHIND_UNKNOWN,
} LeftBehind;

/* One of the two trial mappings. */
typedef struct
{
  PlumMapping *mapping;
  GSocket *socket; /* bound to the internal port, so that no other program receives its traffic */
  guint internal_port;
  gboolean decided; /* the first attempt has ended */
  gboolean mapped;
  guint external_port;
  char *external_host;
  char *backend; /* that mapped it; nullable */
  PlumAddressScope scope;
  GListModel *hops;       /* the routers that forwarded the port; nullable */
  GError *upstream_error; /* why the router beyond them does not; nullable */
  guint lifetime;
  GError *error; /* why it is not mapped */
  Readback after_map;
  gboolean removing;
  GError *remove_error; /* the router did not confirm the removal */
  Readback after_remove;
  gboolean arrived; /* a connection to the external endpoint from this computer */
} TrialMapping;

typedef struct _DoctorTrial DoctorTrial;

/* Maps one port with each transport, proves what it can about the mappings, reads the table,
 * removes the mappings, reads the table again. */
struct _DoctorTrial
{
  PlumManager *manager;
  PlumGateway *gateway;
  TrialMapping mappings[2]; /* by PlumProtocol */
  guint deadline_id;
  guint timeout_ms;
  gboolean reading_first;
  DoctorProof proof;
  gpointer user_data;

  void (*done) (DoctorTrial *self);
  /* Called for each step with the STUN server, which is set in the proof; nullable. */
  void (*note) (DoctorTrial *self, const char *text);
};

void doctor_trial_start (DoctorTrial *self, PlumManager *manager, PlumGateway *gateway);
void doctor_trial_clear (DoctorTrial *self);
LeftBehind doctor_trial_get_left_behind (const TrialMapping *mapping);
/* Whether the router reported success, but its table does not contain the mapping. */
gboolean doctor_trial_is_missing (const TrialMapping *mapping);
/* The number of routers that forward the port. */
guint doctor_trial_count_hops (const TrialMapping *mapping);
/* (transfer full) */
PlumHop *doctor_trial_get_hop (const TrialMapping *mapping, guint position);
/* Whether a server of the provider maps the port, and the gateway does not. */
gboolean doctor_trial_is_bypass (const TrialMapping *mapping, PlumGateway *gateway);
/* Whether the mapping leads to this computer through several routers, or a server of the provider.
 */
gboolean doctor_trial_is_chained (const TrialMapping *mapping, PlumGateway *gateway);
