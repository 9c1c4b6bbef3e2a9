/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-report.h"

/* Whether a protocol of the library was left out, for example by --backend. */
gboolean doctor_protocols_are_limited (const DoctorReport *self, const DoctorPart *part);
/* The sentence of a silent router, or of one that refuses, with the protocols that were asked;
 * NULL: use the general sentence. */
char *doctor_protocols_dup_sentence (const DoctorReport *self, const DoctorPart *part);
