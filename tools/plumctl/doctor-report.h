/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-log.h"
#include "doctor-routers.h"
#include "doctor-trial.h"
#include "doctor-verdict.h"

/* The results for one address family. */
typedef struct
{
  GSocketFamily family;
  DoctorTrial *trial; /* NULL: no trial was made */
  DoctorRouters *routers;
  const char *stray;   /* the address that answered instead of the gateway; nullable */
  const GError *error; /* the result of the discovery; nullable */
  DoctorVerdict verdict;
} DoctorPart;

#define DOCTOR_MAX_PARTS 2

/* The results of a run of the doctor. */
typedef struct
{
  PlumManager *manager;
  DoctorLog *log;
  DoctorPart parts[DOCTOR_MAX_PARTS];
  guint n_parts;
  guint main; /* the index of the part that decides the exit status */
} DoctorReport;

void doctor_report_print_text (const DoctorReport *self);
char *doctor_report_build_json (const DoctorReport *self);
char *doctor_report_dup_sentence (const DoctorReport *self, const DoctorPart *part);
char *doctor_report_dup_next_step (const DoctorReport *self, const DoctorPart *part);
