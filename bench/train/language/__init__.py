"""Language modelling: embedding, recurrent layers and softmax, with AWD regularisation."""
