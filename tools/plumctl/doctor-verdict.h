/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

/* What the doctor can end with. */
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
  DOCTOR_REFUSED,
  DOCTOR_TABLE_FULL,
  DOCTOR_PORT_TAKEN,
  DOCTOR_TRIAL_FAILED,
  DOCTOR_ONE_TRANSPORT,
  DOCTOR_LEFT_BEHIND,
  DOCTOR_DOUBLE_NAT,
  DOCTOR_CGNAT,
  DOCTOR_NO_ADDRESS,
  DOCTOR_N_VERDICTS
} DoctorVerdict;

/* One trial mapping. */
typedef struct
{
  gboolean mapped;
  int error;            /* a PlumError; -1: none, or of another domain */
  guint lifetime;       /* s */
  gboolean left_behind; /* still, or perhaps still, on the router after its removal */
} DoctorTrialFindings;

/* What was found; the verdict depends on nothing else. */
typedef struct
{
  gboolean has_gateway;
  gboolean served; /* some backend can map */
  gboolean direct; /* ... because this host is public itself */
  guint n_refused; /* probes that ended so */
  guint n_failed;
  guint n_no_resources;        /* of those that failed */
  guint n_strangers;           /* other devices that answered */
  gboolean address_withheld;   /* who could have told the external address did not */
  gboolean stray_answer;       /* an answer came from another address than the gateway's */
  gboolean router_between;     /* another one before the gateway translates addresses */
  PlumAddressScope next_scope; /* of the router beyond the gateway; UNKNOWN: none was seen */
  PlumAddressScope scope;      /* of the external address */
  gboolean tried;              /* the trial mappings were asked for */
  DoctorTrialFindings tcp;
  DoctorTrialFindings udp;
} DoctorFindings;

DoctorVerdict doctor_verdict_decide (const DoctorFindings *findings);
/* Whether a second router may be the reason of what was found: it is worth looking for. */
gboolean doctor_verdict_may_be_behind (const DoctorFindings *findings);
/* Whether the router opens nothing because of where it stands. */
gboolean doctor_verdict_opens_nothing (const DoctorFindings *findings);
const char *doctor_verdict_get_name (DoctorVerdict verdict);
const char *doctor_verdict_get_sentence (DoctorVerdict verdict);
const char *doctor_verdict_get_next_step (DoctorVerdict verdict);
int doctor_verdict_get_exit_code (DoctorVerdict verdict);
