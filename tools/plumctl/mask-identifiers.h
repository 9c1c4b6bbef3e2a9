/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "mask-chars.h"

/* Replaces what identifies a device, except addresses of the internet protocols, which must have
 * been handled before. */
void mask_identifiers (MaskChars *chars);
