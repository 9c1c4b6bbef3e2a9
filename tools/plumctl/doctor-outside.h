/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-routers.h"
#include "doctor-trial.h"
#include "doctor-verdict.h"
#include "json.h"

/* The report about what is proven beyond the answers of the router. @trial: nullable. */
void doctor_outside_print_tcp (const DoctorTrial *trial);
void doctor_outside_print_stun (const DoctorTrial *trial);
/* NULL: use the general sentence. */
/* sentence: what the routers say about it; nullable. */
char *doctor_outside_dup_sentence (const DoctorTrial *trial,
                                   const DoctorRouters *routers,
                                   const char *sentence,
                                   DoctorVerdict verdict);
/* Writes the member "stun". @server: as given by the user; nullable. */
void doctor_outside_write_json (const DoctorTrial *trial, const char *server, JsonWriter *json);
