"""Writes kernel_rows.c: python3 kernel_rows.py TABLE > kernel_rows.c

TABLE lists, one a line and tab-separated, kernel, combination ("bf16,f32 -> bf16,f32") and formats ("ND,ND -> ND,ND"). Kernels
that no operator of the stand-in uses are left out.
"""

import collections
import sys

LETTERS = {"f16": "h", "bf16": "b", "f32": "f", "i8": "c", "u8": "C", "i16": "s", "uint16": "S", "i32": "i", "uint32": "I"}
LETTERS |= {"i64": "l", "u64": "L", "b": "?", "i4": "q", "-": "-"}
FORMATS = {"ND": "D", "FRACTAL_NZ": "Z", "-": "D"}
USED = """rms_norm add_rms_norm add_rms_norm_dynamic_quant apply_rotary_pos_emb rotary_position_embedding scatter_nd_update
scatter_update incre_flash_attention fused_infer_attention_score softmax_v2 arg_max_with_value arg_max_v2 top_k_v2 reduce_sum
reduce_mean moe_init_routing_v2 moe_init_routing_v3 moe_init_routing_quant_v2 moe_compute_expert_tokens moe_token_permute
moe_token_unpermute moe_finalize_routing_v2 grouped_matmul grouped_matmul_swiglu_quant swi_glu swi_glu_quant
rope_with_sin_cos_cache prompt_flash_attention sort gather_elements
dequant_swiglu_quant dynamic_quant quant_batch_matmul_v3 mat_mul mat_mul_v3 batch_mat_mul_v3 gather_v2 cast""".split()


def encode(text, letters):
    sides = [side.strip().split(",") for side in text.split("->")]
    if any(item not in letters for side in sides for item in side):
        return None
    return ">".join("".join(letters[item] for item in side) for side in sides)


def main():
    rows = collections.defaultdict(dict)
    with open(sys.argv[1], encoding="utf-8") as table:
        for line in table:
            kernel, combination, formats = (line.rstrip("\n").split("\t") + ["", ""])[:3]
            types = encode(combination, LETTERS) if kernel in USED else None
            layout = encode(formats, FORMATS) if types else None
            if layout:
                rows[kernel][types + (":" + layout if "Z" in layout else "")] = None
    print("/* Written by kernel_rows.py: what the binary kernels for ascend910b in CANN 8.1.RC1 were built for. */")
    print('#include "kernels.h"\n\nconst struct si_kernel_row si_kernel_rows[] = {')
    for kernel in sorted(rows):
        print(f'    {{"{kernel}",')
        words = list(rows[kernel])
        line = ""
        for word in words:
            if len(line) + len(word) > 100:
                print(f'     "{line}"')
                line = ""
            line += word + " "
        print(f'     "{line.rstrip()}"}},')
    print("    {0},\n};")


main()
