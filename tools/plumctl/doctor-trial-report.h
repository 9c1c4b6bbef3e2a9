/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "doctor-trial.h"

/* Prints what became of a trial mapping, for people. */
void doctor_trial_print (PlumProtocol protocol, GSocketFamily family, const TrialMapping *trial);
