/* Written by kernel_rows.py: what the binary kernels for ascend910b in CANN 8.1.RC1 were built for. */
#include "kernels.h"

const struct si_kernel_row si_kernel_rows[] = {
    {"add_rms_norm",
     "hhh>hfh fff>fff bbb>bfb"},
    {"add_rms_norm_dynamic_quant",
     "hhhhh>cchff bbbbb>ccbff"},
    {"apply_rotary_pos_emb",
     "hhhh>hh bbbb>bb ffff>ff"},
    {"arg_max_v2",
     "bi>i bi>l bl>i bl>l hi>i hi>l hl>i hl>l fi>i fi>l fl>i fl>l ii>i ii>l il>i il>l li>i li>l ll>i ll>l"},
    {"arg_max_with_value",
     "b>ib b>lb h>ih h>lh f>if f>lf i>ii i>li l>il l>ll"},
    {"batch_mat_mul_v3",
     "hhhc>h hhfc>h bbbc>b bbfc>b fffc>f"},
    {"cast",
     "b>? b>h b>f b>i b>c b>C ?>b ?>h ?>f ?>i ?>l ?>c ?>C h>b h>? h>f h>s h>i h>l h>c h>C f>b f>? f>h f>s "
     "f>i f>l f>c f>C s>h s>f s>i s>l s>c s>S s>I s>C i>b i>? i>h i>f i>s i>l i>c i>S i>I i>C l>b l>? l>h "
     "l>f l>s l>i l>c l>S l>I l>C c>b c>? c>h c>f c>s c>i c>l c>S c>I c>C S>s S>i S>l S>c S>I S>C I>s I>i "
     "I>l I>c I>S I>C C>b C>h C>f C>s C>i C>l C>c C>S C>I"},
    {"dequant_swiglu_quant",
     "hfffffi>cf bfffffi>cf iffiffi>cf"},
    {"dynamic_quant",
     "hhi>cf hhi>qf bbi>cf bbi>qf"},
    {"fused_infer_attention_score",
     "ccchCllLfLffhhillhhhhcclcch>hf bbbb?llLfLffhhillhhhhbblbbh>cf bccb?llLfLffbbillbbbbcclbcb>cf "
     "bbbb?llLfLffbbillbbbbbblbbb>bf hhhh?llLfLffffillffffhhlhhf>cf hcch?llLfLffhhillhhhhcclhch>hf "
     "hqqh?llfffffhhillhhhhqqlhqh>hf hhhhhllLfLffhhillhhhhhhlhhh>hf hcch?llLfLffhhillhhhhcclhch>cf "
     "bccb?llLfLffbbillbbbbcclbcb>bf bqqb?llfffffbbillbbbbqqlbqb>bf ccchCllLfLffhhillhhhhcclcch>cf"},
    {"gather_elements",
     "bi>b bl>b hi>h hl>h fi>f fl>f si>s sl>s ii>i il>i li>l ll>l ci>c cl>c Si>S Sl>S Ii>I Il>I Li>L Ll>L "
     "Ci>C Cl>C"},
    {"gather_v2",
     "hii>h hil>h hli>h hll>h fii>f fil>f fli>f fll>f lii>l lil>l lli>l lll>l cii>c cil>c cli>c cll>c"},
    {"grouped_matmul",
     "cciLfhhlf>i:DZDDDDDDD>D bcfLfbblf>b cqfLfhhlf>h:DZDDDDDDD>D fffLfhhlf>f ccibfhhlf>b:DZDDDDDDD>D "
     "cciffhhlf>h:DZDDDDDDD>D bqfLfbblf>b bbfLfhhlf>b:DZDDDDDDD>D hhhLfhhlf>h cqfLfhhlf>b:DZDDDDDDD>D "
     "cciffhhlf>h hhhLfhhlf>h:DZDDDDDDD>D cciLfhhlf>c bbfLfhhlf>b hchLfhhlf>h cciLfhhlf>i ccibfhhlf>b "
     "hqhLfhhlf>h"},
    {"grouped_matmul_swiglu_quant",
     "ccffl>cf:DZDDD>DD ccbfl>cf:DZDDD>DD cchfl>cf:DZDDD>DD"},
    {"incre_flash_attention",
     "hhhh?lLfLffhhil>c bbbb?lfffbbbbil>c hcch?lLfLffhhil>c bbbb?lLfLffbbil>b hhhh?lLfLffhhil>h "
     "bccb?lLfLffbbil>b hcch?lLfLffhhil>h bccb?lfffbbbbil>c"},
    {"mat_mul",
     "hh-->f bb-->f hh-->h bb-->b hh-->h:ZZDD>Z bb-->b:ZZDD>Z hh-->f:ZZDD>Z bb-->f:ZZDD>Z hhh->h bbh->b "
     "hhh->h:ZZDD>Z bbh->b:ZZDD>Z fff->f ff-->f hhf->f bbf->f hh-->h:DZDD>D bb-->b:DZDD>D hhh->h:DZDD>D "
     "bbh->b:DZDD>D hhf->h bbf->b hhf->h:ZZDD>Z bbf->b:ZZDD>Z hhf->h:DZDD>D bbf->b:DZDD>D"},
    {"mat_mul_v3",
     "hhhc>h hhfc>h bbbc>b bbfc>b fffc>f hhhc>h:DZDD>D"},
    {"moe_compute_expert_tokens",
     "i>i"},
    {"moe_finalize_routing_v2",
     "fiffffi>f hihhhhi>h bibbbbi>b"},
    {"moe_init_routing_quant_v2",
     "hiff>ciiif fiff>ciiif biff>ciiif"},
    {"moe_init_routing_v2",
     "bi>biii hi>hiii fi>fiii"},
    {"moe_init_routing_v3",
     "ciff>cilf hiff>hilf fiff>filf biff>bilf hiff>cilf fiff>cilf biff>cilf"},
    {"moe_token_permute",
     "bl>bi bi>bi hl>hi hi>hi fl>fi fi>fi"},
    {"moe_token_unpermute",
     "bib>b hih>h fif>f bif>b hif>h hib>h fib>f fih>f"},
    {"prompt_flash_attention",
     "hhhh?llLfLff>c ccch?llLfLff>h ccch?llLfLff>c bbbb?llLfLff>c hhhhhllLfLff>h bbbb?llLfLff>b"},
    {"quant_batch_matmul_v3",
     "ccLfif>h ccffif>h ccLfif>c ccbfbf>b ccLfif>h:DZDDDD>D ccffif>h:DZDDDD>D ccLfif>c:DZDDDD>D "
     "ccbfbf>b:DZDDDD>D qqLfif>h ccffbf>b ccffbf>b:DZDDDD>D ccffif>i ccffif>i:DZDDDD>D ccbfif>i "
     "ccbfif>i:DZDDDD>D qqffif>h qqbfbf>b qqffbf>b ccLfif>h:ZZDDDD>D ccffif>h:ZZDDDD>D ccffbf>b:ZZDDDD>D "
     "ccbfbf>b:ZZDDDD>D ccffif>i:ZZDDDD>D ccbfif>i:ZZDDDD>D"},
    {"reduce_mean",
     "bi>b bl>b hi>h hl>h fi>f fl>f"},
    {"reduce_sum",
     "bi>b bl>b hi>h hl>h fi>f fl>f ii>i il>i li>l ll>l"},
    {"rms_norm",
     "hf>hf bf>bf hh>hf ff>ff bb>bf"},
    {"rope_with_sin_cos_cache",
     "lbbb>bb lhhh>hh lfff>ff"},
    {"rotary_position_embedding",
     "hhh>h bbb>b fff>f"},
    {"scatter_nd_update",
     "bib>b blb>b ?i?>? ?l?>? hih>h hlh>h fif>f flf>f lil>l lll>l cic>c clc>c"},
    {"scatter_update",
     "bib>b blb>b hih>h hlh>h fif>f flf>f iii>i ili>i lil>l lll>l"},
    {"softmax_v2",
     "b>b h>h h>f f>f"},
    {"sort",
     "b>bi h>hi f>fi"},
    {"swi_glu",
     "h>h f>f b>b"},
    {"swi_glu_quant",
     "hffi>cf bffi>cf fffi>cf"},
    {"top_k_v2",
     "bi>bi hi>hi fi>fi"},
    {0},
};
