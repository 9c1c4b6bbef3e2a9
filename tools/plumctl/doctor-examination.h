/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "discovery.h"
#include "doctor-path.h"
#include "doctor-report.h"
#include "stray-probe.h"

typedef struct _DoctorExamination DoctorExamination;

/* The examination of one address family: queries the gateways, maps ports, and looks for a second
 * router. */
struct _DoctorExamination
{
  Session *session;
  DoctorLog *log;
  GSocketFamily family;
  gboolean no_map;
  gpointer user_data;

  /* Called once, unless the session is closed before. */
  void (*done) (DoctorExamination *self);

  Discovery discovery;
  StrayProbe stray;
  DoctorTrial trial;
  DoctorPath path;
  DoctorRouters routers;
  PlumGateway *gateway; /* nullable */
  gboolean searched;    /* a second router was looked for */
  DoctorFindings findings;
};

void doctor_examination_start (DoctorExamination *self);
void doctor_examination_clear (DoctorExamination *self);
void doctor_examination_report (DoctorExamination *self, DoctorPart *part);
void doctor_examination_collect_addresses (DoctorExamination *self, GPtrArray *addresses);
