/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "json.h"
#include "router-chain.h"

void chain_report_print (const RouterChain *chain);
char *chain_report_dup_problem (const RouterChain *chain);
void chain_report_json (JsonWriter *json, const RouterChain *chain);
