/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-log.h"
#include "doctor-routers.h"
#include "doctor-trial.h"
#include "doctor-verdict.h"

/* All that the doctor tells. */
typedef struct
{
  PlumManager *manager;
  DoctorLog *log;
  DoctorTrial *trial; /* NULL: none was made */
  DoctorRouters *routers;
  PlumGateway *other;  /* of the routers, the one that was asked besides; nullable */
  const char *stray;   /* who answered in the gateway's stead; NULL: nobody */
  const GError *error; /* what discovery ended with; nullable */
  DoctorVerdict verdict;
} DoctorReport;

void doctor_report_print_text (const DoctorReport *self);
char *doctor_report_build_json (const DoctorReport *self);
