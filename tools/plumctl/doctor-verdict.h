/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* The verdicts of the doctor. */
typedef enum {
  DOCTOR_WORKS,
  DOCTOR_READY,
  DOCTOR_PUBLIC_HOST,
  DOCTOR_PERMANENT_ONLY,
  DOCTOR_NO_GATEWAY,
  DOCTOR_SILENT,
  DOCTOR_SWITCHED_OFF,
  DOCTOR_NOT_A_GATEWAY,
  DOCTOR_WRONG_ADDRESS,
  DOCTOR_NOT_CONNECTED,
  DOCTOR_CANNOT_MAP,
  DOCTOR_NO_NEXT_HOP,
  DOCTOR_OTHER_GATEWAY,
  DOCTOR_NO_PUBLIC_IPV6,
  DOCTOR_NOT_ASKED,
  DOCTOR_REFUSED,
  DOCTOR_TABLE_FULL,
  DOCTOR_PORT_TAKEN,
  DOCTOR_TRIAL_FAILED,
  DOCTOR_ONE_TRANSPORT,
  DOCTOR_LEFT_BEHIND,
  DOCTOR_MISSING,
  DOCTOR_DOUBLE_NAT,
  DOCTOR_CGNAT,
  DOCTOR_NO_ADDRESS,
  DOCTOR_NAT_BEYOND,
  DOCTOR_NOT_REACHED,
  DOCTOR_N_VERDICTS
} DoctorVerdict;

/* The result of a trial mapping. */
typedef struct
{
  gboolean mapped;
  int error;              /* a PlumError; -1: none, or another domain */
  guint lifetime;         /* s */
  gboolean left_behind;   /* the mapping is still on the router, or its removal is unconfirmed */
  gboolean missing;       /* the router reported success, but the mapping is not in its table */
  gboolean chained;       /* several routers map the port, or a server of the provider */
  PlumAddressScope outer; /* if chained: of the outermost external address */
} DoctorTrialFindings;

/* The findings; the verdict depends on nothing else. */
typedef struct
{
  gboolean has_gateway;
  gboolean no_next_hop;    /* the default route leads to no router */
  gboolean other_serves;   /* the router of another interface can map ports */
  gboolean served;         /* a backend can map ports */
  gboolean direct;         /* ... because this host has a public address */
  gboolean asked;          /* a backend that may support this network asked the router */
  gboolean no_public_ipv6; /* this computer has only a link-local or a unique local IPv6 address */
  guint n_refused;         /* probes with this outcome */
  guint n_failed;
  guint n_no_resources;        /* failed probes with NO_RESOURCES */
  guint n_other_devices;       /* other devices that answered */
  gboolean address_withheld;   /* a backend that reports the external address did not */
  gboolean stray_answer;       /* an answer came from another address than the gateway's */
  gboolean router_between;     /* another router translates packets to the gateway */
  gboolean path_proven;        /* no router before the gateway translates them */
  PlumAddressScope next_scope; /* of the router beyond the gateway; UNKNOWN: none found */
  PlumAddressScope scope;      /* of the external address */
  PlumAddressScope local;      /* of this computer */
  gboolean tried;              /* trial mappings were requested */
  DoctorTrialFindings tcp;
  DoctorTrialFindings udp;
  gboolean nat_beyond;  /* the internet sees another address than the router reports */
  gboolean not_reached; /* packets of uncontacted hosts did not reach the mapped port */
} DoctorFindings;

DoctorVerdict doctor_verdict_decide (const DoctorFindings *findings);
/* Whether a second router may be the cause of the findings, and should be looked for. */
gboolean doctor_verdict_may_be_behind (const DoctorFindings *findings);
/* Whether the router maps no port because of its position. */
gboolean doctor_verdict_maps_nothing (const DoctorFindings *findings);
const char *doctor_verdict_get_name (DoctorVerdict verdict);
const char *doctor_verdict_get_sentence (DoctorVerdict verdict);
const char *doctor_verdict_get_next_step (DoctorVerdict verdict);
gboolean doctor_verdict_is_about_settings (DoctorVerdict verdict);
const char *doctor_verdict_get_next_step_ipv6 (DoctorVerdict verdict);
int doctor_verdict_get_exit_code (DoctorVerdict verdict);
