/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "command.h"

void complete_arguments (const PlumctlCommand *const *commands, char **arguments);
