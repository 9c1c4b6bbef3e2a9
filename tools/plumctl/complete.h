/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "command.h"

void complete_words (const PlumctlCommand *const *commands, char **words);
