"""The model compared with closed forms, published numbers and outside software.

``python -m verification`` runs every case and writes ``docs/verification.md``. Each case can also
be run with a planted fault, which its check must reject: ``python -m verification --faults``.
"""
